"""A small ext4 that can be filled to the last block: unlike tmpfs it needs one for a folder, and for a longer one."""
import contextlib
import ctypes
import os
import shutil
import subprocess

_BLOCK_BYTES = 1024
_IMAGE_BYTES = 192 << 20  # what an upload wants to be free before it begins, and more
_CLONE_NEWNS = 0x20000
_FILLER = ".filler"


def own_mounts():
    """A mount namespace for this process, so that nothing stays mounted. Why not, or ""."""
    if os.getuid() != 0:
        return "needs root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        return f"needs a mount namespace: {os.strerror(ctypes.get_errno())}"
    # Refused in a chroot, whose root is no mount point; every disk is unmounted below.
    subprocess.run(["mount", "--make-rprivate", "/"], check=False, stderr=subprocess.DEVNULL)
    return ""


class SmallDisk:
    """In a file of folder; mounted over `at` for as long as mounted() lasts."""

    def __init__(self, folder, at):
        self._image, self._at = folder / "disk", at
        self._filler = at / _FILLER

    def make(self):
        """Why there can be none, or ""."""
        if not shutil.which("mkfs.ext4"):
            return "mkfs.ext4 is not installed"
        with open(self._image, "wb") as image:
            image.truncate(_IMAGE_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-b", str(_BLOCK_BYTES), "-m", "0", self._image], check=True)
        try:
            with self.mounted():
                return ""
        except subprocess.CalledProcessError as error:
            return f"it cannot be mounted: {error.stderr.decode().strip()}"

    @contextlib.contextmanager
    def mounted(self):
        self._at.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "ext4", "-o", "loop", self._image, self._at], check=True, stderr=subprocess.PIPE)
        try:
            yield self
        finally:
            subprocess.run(["umount", "--lazy", self._at], check=True)

    def fill(self, blocks):
        """Until only so many are free."""
        with open(self._filler, "ab") as file:
            while (free := os.statvfs(self._at).f_bavail) > blocks:
                size = os.fstat(file.fileno()).st_size
                # The map of a large file takes blocks too: towards the end one at a time.
                wanted = max(1, (free - blocks) // 2 if free - blocks > 8 else 1)
                try:
                    os.posix_fallocate(file.fileno(), size, wanted * _BLOCK_BYTES)
                except OSError:
                    return
            os.fsync(file.fileno())

    def empty(self):
        self._filler.unlink(missing_ok=True)
