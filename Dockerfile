# quakeloom with its workflow, in two stages: built with the versions of envs/constraints.txt, run
# by a user who is not root. Linted by tests/unit/docs/test_container.py; not built there.
#
#   docker build --tag quakeloom:0.1.0 .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" quakeloom:0.1.0 run --config demo.yaml

FROM python:3.11.14-slim-bookworm AS build
# `--build-arg EXTRAS=slurm` leaves out torch, which is most of the size and only networks need
ARG EXTRAS=slurm,networks,s3
# a constraint of the environment also counts for what builds the package
ENV PIP_CONSTRAINT=/build/envs/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY envs/constraints.txt envs/constraints.txt
COPY pyproject.toml README.md LICENSE CITATION.cff Snakefile ./
COPY config config
COPY resources resources
COPY workflow workflow
COPY src src
RUN python -m venv /opt/quakeloom \
    && /opt/quakeloom/bin/pip install ".[${EXTRAS}]"

FROM python:3.11.14-slim-bookworm
COPY --from=build /opt/quakeloom /opt/quakeloom
# any user may run it: what programs keep for themselves goes to a folder that all may write
RUN mkdir --mode=1777 /cache /work
ENV PATH=/opt/quakeloom/bin:$PATH \
    HOME=/cache \
    XDG_CACHE_HOME=/cache \
    MPLCONFIGDIR=/cache/matplotlib \
    NUMBA_CACHE_DIR=/cache/numba \
    SEISBENCH_CACHE_ROOT=/cache/seisbench
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["quakeloom"]
CMD ["--help"]
