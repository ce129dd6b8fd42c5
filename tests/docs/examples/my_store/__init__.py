"""A reader's own project, which the pages call my_store."""
