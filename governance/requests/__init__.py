"""What persons ask of those who hold their data, over all stores: find, export, rectify, restrict, erase, answer."""
