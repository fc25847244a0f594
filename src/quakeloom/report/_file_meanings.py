"""What the files of a run hold that are no registered tables."""

from __future__ import annotations

FILE_MEANINGS = {
    "accepted.zarr": "Acceptable mechanisms of every event.",
    "ensemble.zarr": "Members of the ensemble of velocity models.",
    "locations.zarr": "Draws of hypocenter and member, weights of members.",
    "tables": "Travel times of every member and station.",
    "threshold.json": "The minimum probability of first motions and how it was chosen.",
    "stress.zarr": "The stress map on its axes, with tensors, covariances and draws.",
    "stress.nc": "The stress map on its axes, NetCDF by the CF conventions.",
    "stress.csv": "The stress map, one row per node, as text.",
    "stress.json": "Numbers of the inversion, and what was left out.",
    "stress_wsm.csv": "Records in the columns and the quality ranking of the World Stress Map.",
    "stress_gmt.txt": "SHmax for GMT.",
    "stress.geojson": "SHmax as lines, with all columns.",
    "shmax.tif": "SHmax as GeoTIFF.",
    "a_phi.tif": "Regime number of Simpson (1997) as GeoTIFF.",
    "faults.geojson": "Planes found in the hypocenters, as polygons of their corners.",
    "magnitude.json": "Formula, attenuation, scatter and counts of magnitudes.",
    "spectra.json": "Counts of spectra, events and corners, and the settings.",
    "tendency.csv": "Slip tendency of faults, as text.",
    "tendency.geojson": "Slip tendency of faults, as points.",
    "tomography.json": "Figures of the ensemble of a line.",
    "sections.nc": "Mean, spread and quantiles of the velocity, NetCDF by the CF conventions.",
    "sections.csv": "The same as text.",
    "regional.json": "Figures of the ensemble of a region.",
    "regional.nc": "Mean and spread of the velocity, NetCDF by the CF conventions.",
}
"""What files and Zarr groups hold, by name, as far as stages of quakeloom write them."""
