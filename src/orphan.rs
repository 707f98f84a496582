//! No process is left behind by who started it.

/// Asks the kernel to kill this process when the parent dies, and dies at once if it already has.
pub(crate) fn die_with_parent() -> anyhow::Result<()> {
    let parent = rustix::process::getppid();
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    anyhow::ensure!(rustix::process::getppid() == parent, "the parent is gone");
    Ok(())
}
