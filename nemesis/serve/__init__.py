"""A local web page over run directories and campaigns: ``splitbrain serve`` (docs/serve.md)."""
