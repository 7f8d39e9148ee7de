"""One person over all stores: found, told, corrected, restricted, erased; and the register of what they ask."""
