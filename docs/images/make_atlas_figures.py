"""Make the pictures of the atlas from atlases that `quakeloom atlas` has written.

    python docs/images/make_atlas_figures.py ATLAS_OF_NEW_ZEALAND ATLAS_OF_DEMO

Needs Chromium. Colors are reduced to 256, which keeps a picture below 200 kB.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _browser import Browser

PICTURES = {
    "atlas-new-zealand.png": (
        0,
        "#v=1&c=173.6,-41.4&z=1.9&l=field,bars,faults,graticule&f=a_phi&o=fault3&a=en&th=light",
    ),
    "atlas-demo.png": (
        1,
        "#v=1&l=bars,fans,balls,graticule&x=136.3,36,138.6,36.2,30&p=section&a=en&th=light",
    ),
}
"""Name of each picture, the atlas that it shows, and the link that it opens."""

SIZE = (1280, 800)
"""Pixels of a picture."""


def main(atlases: list[Path]) -> None:
    """Take the pictures."""
    with Browser(*SIZE) as browser:
        for name, (which, link) in PICTURES.items():
            browser.open("about:blank")
            browser.open((atlases[which] / "index.html").resolve().as_uri() + link)
            browser.wait("window.atlasComplete")
            if name == "atlas-demo.png":
                browser.run(
                    "quakeloomAtlas.select({ kind: 'event', row: quakeloomAtlas.map.balls[0][0] })"
                )
            browser.run("new Promise((done) => setTimeout(done, 1000))")
            image = Image.open(io.BytesIO(browser.picture())).convert("RGB")
            small = image.quantize(256, dither=Image.Dither.NONE)
            small.save(Path(__file__).parent / name, optimize=True)


if __name__ == "__main__":
    main([Path(a) for a in sys.argv[1:]])
