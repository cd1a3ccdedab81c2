package dev.spillway.cli;

/** A command that talks to servers. */
public interface ClientCommand extends SpillwayCommand {
    /** Says what it is called and takes. Called once, before {@link #call()}. */
    void declare(Declaration to);
}
