package dev.spillway.worker.http;

/** What this host serves of a namespace; bytes are allocated blocks. */
public record DirectoryStats(long entryCount, long totalBytes) {}
