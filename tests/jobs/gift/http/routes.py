from fastapi import APIRouter

from shared.api.routes.context import WithTrigger

router = APIRouter(prefix="/api/gifts", tags=["gifts"])


@router.get("")
def gifts(trigger: WithTrigger) -> list[str]:
    """Who has one."""
    return [info.key.split("/")[0] for info in trigger.store.list("") if info.key.endswith("/parcel.txt")]
