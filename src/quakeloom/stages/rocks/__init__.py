"""Tables of rock analyses as the stages of geochemistry read them."""
