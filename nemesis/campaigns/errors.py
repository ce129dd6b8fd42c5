"""What may go wrong with a campaign."""

from __future__ import annotations

from nemesis.errors import NemesisError


class CampaignError(NemesisError):
    """Base of what is wrong with a campaign; what was recorded is kept."""


class LedgerBroken(CampaignError):
    """The database cannot be read, or not be written; the message says which and why."""


class OtherSettings(CampaignError):
    """A campaign of this name runs something else."""


class IsRunning(CampaignError):
    """Somebody else conducts the campaign now: two would hand out the same seeds."""


class WorkersGone(CampaignError):
    """The scheduler, or all workers, cannot be reached any more."""


class WorkersUnfit(CampaignError):
    """A worker or the scheduler lacks splitbrain, or has another version of it or of Python."""


class CalendarSetBack(CampaignError):
    """The machine's clock was set back, so that workers may hear nothing until it has caught up:
    others, made anew, would go on."""
