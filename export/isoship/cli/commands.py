"""The group of commands: our errors as one paragraph, with the exit code that is promised, and no traceback."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import Any

import click

from isoship.errors import IsoshipError, ParityError


class Commands(click.Group):
    """Prints our errors as one paragraph, with the exit code that DESIGN promises, and no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        # A cancelled CI job must not leave a folder aside: SIGTERM unwinds like any other end.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            return super().invoke(ctx)
        except IsoshipError as err:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"isoship: {err}", err=True)
            ctx.exit(1 if isinstance(err, ParityError) else 2)
        except KeyboardInterrupt:
            click.echo("isoship: interrupted; nothing half-written is left", err=True)
            ctx.exit(130)
        except BrokenPipeError:
            # The reader of our stdout has gone (`isoship ... | head`): stop without a word.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except OSError as err:
            if ctx.params.get("verbose"):
                traceback.print_exc()
            where = f" ({err.filename})" if err.filename else ""
            click.echo(f"isoship: {err.strerror or err}{where}", err=True)
            ctx.exit(2)
        except Exception:  # noqa: BLE001 - exit code 1 means a disagreement, and a bug of ours is none
            traceback.print_exc()
            click.echo("isoship: this is a bug in isoship; please report it with the lines above", err=True)
            ctx.exit(2)
