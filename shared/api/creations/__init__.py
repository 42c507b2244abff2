"""All creations: the index that the list is read from, its pages, and deleting with undo."""
