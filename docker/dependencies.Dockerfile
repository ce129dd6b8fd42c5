# The libraries that the server imports, beside the root file system's Python.
ARG BASE
FROM ${BASE}
COPY dependencies /opt/splitbrain/dependencies
RUN ["python3", "-m", "compileall", "-q", "/opt/splitbrain/dependencies"]
