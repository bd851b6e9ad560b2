"""Cinder's own logging driver, with a file of bytes per volume and with faults on demand.

Owns: what stands for the storage behind Cinder. The files are named as Cinder names volumes and snapshots.
Never: Cinder's states, quotas and rules, which are Cinder's.
Read next: README.md, "What is not faithful".
"""

import json
import os
import shutil
import time
from pathlib import Path

from cinder import exception
from cinder.tests import fake_driver

_FAULTS = Path(os.environ["COUNTERPART_FAULTS"])
_BYTES = Path(os.environ["COUNTERPART_BYTES"])


class BytesDriver(fake_driver.FakeLoggingVolumeDriver):
    """Keeps each volume's and snapshot's bytes as a file; slow or failing where the faults file says so."""

    def create_volume(self, volume):
        """Makes an empty file."""
        self._fault("create_volume")
        (_BYTES / volume.name).touch()
        return super().create_volume(volume)

    def delete_volume(self, volume):
        """Removes the file."""
        self._fault("delete_volume")
        (_BYTES / volume.name).unlink(missing_ok=True)
        (_BYTES / (volume.name + ".of")).unlink(missing_ok=True)

    def create_snapshot(self, snapshot):
        """Copies the volume's file."""
        self._fault("create_snapshot")
        _copy(snapshot.volume_name, snapshot.name)

    def delete_snapshot(self, snapshot):
        """Removes the snapshot's file; not while a volume is a layer on it, where the faults file says `layers`."""
        self._fault("delete_snapshot")
        if _faults().get("layers") and any(one.read_text() == snapshot.name for one in _BYTES.glob("*.of")):
            raise exception.SnapshotIsBusy(snapshot_name=snapshot.name)
        (_BYTES / snapshot.name).unlink(missing_ok=True)

    def create_volume_from_snapshot(self, volume, snapshot):
        """Copies the snapshot's file."""
        self._fault("create_volume_from_snapshot")
        (_BYTES / (volume.name + ".of")).write_text(snapshot.name)
        _copy(snapshot.name, volume.name)

    def create_cloned_volume(self, volume, src_vref):
        """Copies the other volume's file."""
        self._fault("create_cloned_volume")
        _copy(src_vref.name, volume.name)

    def revert_to_snapshot(self, context, volume, snapshot):
        """Copies the snapshot's file over the volume's."""
        self._fault("revert_to_snapshot")
        _copy(snapshot.name, volume.name)

    def extend_volume(self, volume, new_size):
        """Does nothing: the file is as long as its bytes."""
        self._fault("extend_volume")

    def _fault(self, method):
        """Waits and fails as the faults file says for this method; the file is read again each time."""
        fault = _faults().get(method, {})
        time.sleep(fault.get("seconds", 0))
        if fault.get("error"):
            raise exception.VolumeBackendAPIException(data=fault["error"])


def _faults():
    """What the faults file says now; nothing without one."""
    try:
        return json.loads(_FAULTS.read_text())
    except FileNotFoundError:
        return {}


def _copy(old, new):
    shutil.copyfile(_BYTES / old, _BYTES / (new + ".part"))
    os.replace(_BYTES / (new + ".part"), _BYTES / new)
