"""The commands of `evroad`, by what they are about. Whatever takes time to import is imported when it is needed."""
