//! Memory without a name that processes share: whoever has its descriptor can map it, and it is gone with the last
//! of them.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::ptr::NonNull;

use anyhow::{Context, ensure};
use memmap2::{Advice, MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};

use super::Memory;

/// Makes memory of `bytes` zeros whose size nobody can change any more: a mapping that shrinks would kill whoever
/// touches its end.
///
/// # Errors
///
/// When the kernel has none, or no descriptor for it.
pub fn sealed(bytes: usize) -> io::Result<OwnedFd> {
    let fd = memfd_create("queuebench", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    ftruncate(&fd, bytes as u64)?;
    fcntl_add_seals(&fd, SIZE_SEALS | SealFlags::SEAL)?;
    Ok(fd)
}

/// What keeps a size as it is.
const SIZE_SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW);

/// One mapping of such memory.
pub struct Map(MmapRaw);

impl Map {
    /// Maps all of it, at an address of its own, with every page in place.
    ///
    /// # Errors
    ///
    /// When it cannot be mapped, or its size could still change.
    pub fn of(fd: impl AsFd) -> anyhow::Result<Map> {
        let fd = fd.as_fd();
        let seals = fcntl_get_seals(fd).context("shared memory has no seals")?;
        ensure!(seals.contains(SIZE_SEALS), "the size of the shared memory could still change");
        let bytes = fstat(fd)?.st_size as usize;
        let mapping = MmapOptions::new().len(bytes).map_raw(fd.as_raw_fd()).context("cannot map shared memory")?;
        // Since Linux 5.14. Without it pages come when they are touched first, which is counted.
        mapping.advise(Advice::PopulateWrite).ok();
        Ok(Map(mapping))
    }
}

// SAFETY: the mapping stays where it is until the value is dropped, starts on a page, and the memory behind it cannot
// shrink. Its address is given to nobody but through `bytes`.
unsafe impl Memory for Map {
    fn bytes(&self) -> NonNull<[u8]> {
        let base = NonNull::new(self.0.as_mut_ptr()).expect("a mapping is not at 0");
        NonNull::slice_from_raw_parts(base, self.0.len())
    }
}
