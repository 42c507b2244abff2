"""`reelwright serve`: the HTTP face on this machine's platform."""

from rich.console import Console

from scripts.report import tell_next
from scripts.wiring import make_trigger
from shared.api.app import create_app
from shared.api.auth import check_listen_address
from shared.api.serve import serve as listen
from shared.platforms.local import LocalPlatform
from shared.settings import Settings


def serve(settings: Settings, host: str, port: int) -> None:
    """Answer until Ctrl-C or SIGTERM; tasks that run are then stopped cleanly and can be resumed."""
    check_listen_address(host, settings)
    console = Console(stderr=True)
    trigger = make_trigger(settings)

    def on_ready(url: str) -> None:
        auth = ' -H "Authorization: Bearer $API_TOKEN"' if settings.api_token else ""
        console.print(f"listening on {url}, creations in {trigger.store.url}", highlight=False)
        tell_next(
            console,
            [
                f"curl{auth} -T 1.png {url}/me/creation/my-story/assets/1/image.png",
                f"curl{auth} -T 1.txt {url}/me/creation/my-story/assets/1/1.txt",
                f"curl{auth} -X POST {url}/me/creation/my-story/generate_video",
                f"curl{auth} {url}/me/creation/my-story/generate_video_status",
                f"curl{auth} -O {url}/me/creation/my-story/assets/video.mp4",
            ],
        )

    try:
        app = create_app(trigger, settings=settings)
        listen(app, settings=settings, host=host, port=port, on_ready=on_ready)
    finally:
        if isinstance(trigger.platform, LocalPlatform):
            trigger.platform.stop()
