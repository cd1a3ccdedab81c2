package dev.spillway.cli;

/** A command that sends requests to servers. */
public interface ClientCommand extends SpillwayCommand {
    /** Declares the command's name, options and parameters. Called once, before {@link #call()}. */
    void declare(Declaration to);
}
