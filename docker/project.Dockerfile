# The server itself: all that changes when the project does.
ARG BASE
FROM ${BASE}
COPY project /opt/splitbrain/project
RUN ["python3", "-m", "compileall", "-q", "/opt/splitbrain/project"]
ENV PYTHONPATH=/opt/splitbrain/project:/opt/splitbrain/dependencies
ENTRYPOINT ["python3", "-P", "-m", "raft.server"]
