"""A local web page over run directories: ``splitbrain serve`` (docs/serve.md)."""
