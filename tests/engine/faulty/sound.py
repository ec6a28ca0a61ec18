"""Nothing is wrong with it."""

from faulty import SOUND

CLAIM = SOUND
