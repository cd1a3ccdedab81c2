# One image for both services: docker run spillway coordinator ..., docker run spillway worker ...
# The jars come from ./spillway, which builds them; nothing is fetched here.
FROM eclipse-temurin:25-jre
RUN mkdir -p /var/lib/spillway && chown 10001:10001 /var/lib/spillway
COPY dev/target/lib /opt/spillway/lib
COPY --chmod=755 config/container/spillway config/container/ready config/container/prepare /opt/spillway/bin/
ENV PATH=/opt/spillway/bin:/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    SPILLWAY_NATIVE_FOLDER=/tmp/spillway
RUN prepare
USER 10001:10001
VOLUME /var/lib/spillway
HEALTHCHECK --interval=5s --timeout=5s --start-period=5m --retries=6 CMD ["ready"]
ENTRYPOINT ["spillway"]
CMD ["--help"]
