"""How scenes are painted: a canvas in design units, shapes, light, particles."""
