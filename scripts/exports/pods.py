"""What all pods have in common: no privileges, no root, and two folders that they may write to."""

from typing import Any, Final

SCRATCH: Final = "/scratch"
_USER: Final = 10_001


def pod_security() -> dict[str, Any]:
    """Of a pod. Argo's own sidecar runs as this user too; by default it would run as root and be refused."""
    return {
        "runAsNonRoot": True,
        "runAsUser": _USER,
        "runAsGroup": _USER,
        "fsGroup": _USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def confined() -> dict[str, Any]:
    """Fields of a container."""
    return {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "scratch", "mountPath": SCRATCH},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own
        ],
    }


def volumes() -> list[dict[str, Any]]:
    """What a confined container mounts."""
    return [
        {"name": "scratch", "emptyDir": {"sizeLimit": "8Gi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]


def resources(cpu: str, memory: str) -> dict[str, Any]:
    """Of a container."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}
