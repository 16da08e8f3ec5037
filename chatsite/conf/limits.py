"""How much one person, or one address, may request. Rates are per minute unless noted."""

from dataclasses import dataclass

from chatsite.conf.variables import flag, positive


@dataclass(frozen=True, slots=True)
class Limits:
    writes: int
    reads: int
    searches: int
    sends: int
    uploads: int
    previews: int
    sign_ups_per_hour: int
    log_ins: int
    log_ins_per_address: int
    mails_per_hour: int
    mails_per_address_and_hour: int
    reports_per_hour: int
    socket_frames_per_second: int
    sockets_per_person: int
    block_crawlers: bool


def read() -> Limits:
    return Limits(
        writes=positive("LIMIT_WRITES", 100),
        reads=positive("LIMIT_READS", 600),
        searches=positive("LIMIT_SEARCHES", 100),
        sends=positive("LIMIT_SENDS", 100),
        uploads=positive("LIMIT_UPLOADS", 20),
        previews=positive("LIMIT_PREVIEWS", 20),
        sign_ups_per_hour=positive("LIMIT_SIGN_UPS", 60),
        log_ins=positive("LIMIT_LOG_INS", 10),
        log_ins_per_address=positive("LIMIT_LOG_INS_PER_ADDRESS", 30),
        mails_per_hour=positive("LIMIT_MAILS", 5),
        mails_per_address_and_hour=positive("LIMIT_MAILS_PER_ADDRESS", 20),
        reports_per_hour=positive("LIMIT_REPORTS", 20),
        socket_frames_per_second=positive("SOCKET_FRAMES_PER_SECOND", 50),
        sockets_per_person=positive("SOCKETS_PER_PERSON", 50),
        block_crawlers=flag("BLOCK_CRAWLERS", True),
    )
