# SPDX-License-Identifier: MIT
"""
What the account of a side says of its Unix leg, where there are no packets.

It answers the same questions as packets.Leg.  What a side does is seen by the other at once, and nobody but
itself knows it: so the account is exact, but for the microseconds between its lines.
"""

BEGUN, DONE, WHAT, SIZE = range(4)
READING_US = 20  # from one clock to the other
CROSSING_US = 100  # from when a record says that we closed until the last thing that it can have seen


class Half:
    """What one side did.  There are no numbers; the moments are all there is."""

    def __init__(self):
        self.start = 0
        self.payload = 0
        self.fin = self.fin_at = None
        self.rst = self.rst_at = None
        self.first_at = None
        self.rsts = 0


class UnixLeg:
    """
    `account` is of the side at the other end of this leg, `said` is what the record says of the leg.

    A side that closes with bytes unread is heard as a reset (unix(7) does not tell).  One that closes without is
    heard as FIN, and as a reset only by who then sends to it.  What no account can tell, `said` decides: whether
    something was seen that happened while we closed; whether bytes came between a side's last look and its close,
    if there were such bytes; whether there was time for a look between a FIN and the reset that hides it; and
    whether a reset was heard of a side when both had finished.
    """
    is_unix = True
    answered_at = None

    def __init__(self, account, said, opened_us, closed_us):
        self.account, self.said, self.opened_us, self.closed_us = account, said, opened_us, closed_us
        self.begun_at = opened_us
        self.ours, self.theirs = Half(), Half()
        self.ours.payload = account["got"]
        sends = self.acts("send")
        self.theirs.first_at = sends[0][BEGUN] if sends else None
        self.theirs.payload = sum(act[SIZE] for act in sends)
        self.least = sum(act[SIZE] for act in sends if self.is_certain(act))
        self.ended = next(iter(self.acts("end")), None)
        self.see_end(self.first("finish"), self.first("close"))

    def is_certain(self, act):
        return act[DONE] < self.closed_us - READING_US

    def acts(self, what):
        return [act for act in self.account["acts"] if act[WHAT] == what and act[BEGUN] <= self.closed_us + CROSSING_US]

    def first(self, what):
        is_said = self.said["fin_received_us"] is not None or self.said["rst_received_us"] is not None
        return next((act for act in self.acts(what) if is_said or self.is_certain(act)), None)

    def see_end(self, finished, closed):
        self.closed, said_fin, said_rst = closed, self.said["fin_received_us"], self.said["rst_received_us"]
        was_unread = closed is not None and (closed[SIZE] > 0 or self.said["bytes_sent"] > self.taken())
        if was_unread and finished and said_rst is None and self.had_finished(closed):
            was_unread = False
        elif was_unread and closed[SIZE] == 0 and (said_rst is None or said_fin is not None):
            was_unread = False
        elif was_unread and said_rst is None and not self.is_certain(closed):
            was_unread = False
        self.is_broken = was_unread
        if was_unread and finished and said_fin is None and self.is_hidden(finished, closed):
            finished = None
        fin = finished or (None if was_unread else closed)
        if fin:
            self.theirs.fin = self.theirs.fin_at = fin[BEGUN]
        if self.is_broken:
            self.theirs.rst = self.theirs.rst_at = closed[BEGUN]
        elif closed and said_rst is not None:
            self.theirs.rst = self.theirs.rst_at = self.opened_us + said_rst
        self.theirs.rsts = int(self.theirs.rst is not None)

    def had_finished(self, act):
        sent = self.said["fin_sent_us"]
        return sent is not None and self.opened_us + sent <= act[DONE] + CROSSING_US

    def is_hidden(self, finished, closed):
        """As late as we were for the reset, we may have been for the FIN."""
        late = self.opened_us + (self.said["rst_received_us"] or 0) - closed[BEGUN]
        return closed[BEGUN] - finished[BEGUN] <= max(0, late) + CROSSING_US

    def fin_came(self):
        return self.theirs.fin is not None

    def taken(self):
        """All that it read of us, header and payload."""
        return self.account["got"] + len(self.account["head"]) // 2

    def left_unread(self):
        return self.closed[SIZE] if self.closed else 0

    def received(self):
        return self.theirs.payload

    def acknowledged(self):
        """All that we handed over is in the other side's hands."""
        return self.said["bytes_sent"]

    def overtaken(self):
        return 0

    def end_at(self):
        return min((at for at in (self.theirs.fin_at, self.theirs.rst_at) if at is not None), default=None)

    def may_meet(self, sent_at):
        """A packet sent then could arrive just when this side ended."""
        begun = self.end_at()
        done = max(act[DONE] for act in self.account["acts"] if act[BEGUN] <= begun)
        return begun - CROSSING_US <= sent_at <= done + READING_US

    def show(self, epoch):
        for begun, done, what, size in self.account["acts"]:
            yield "%10d us  to %d us  %s %s" % (begun - epoch, done - epoch, what, size or "")
        yield "%23s got %d" % ("", self.account["got"])
