"""From notebooks to dated editions: parameters, execution, pages, and the folder that is published."""
