"""The product in a scene: cut out of its picture, or a sculpture that stands in for it."""
