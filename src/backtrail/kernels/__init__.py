"""Pure functions that fill ``out[start:stop]`` from float64 arrays, with the same bits however the range is cut."""
