#!/usr/bin/env python3
"""The practical and the emotional harm.

A recovery records what it did to the customer in fact and in feeling, and is not done
without both, nor without an apology, a remedy, and having asked whether it helped.
"""

from needs_kit import main, must
from recovery_kit import broken_call_back, federation, refused, start, wait_recovery


def a_recovery_is_not_finished_without_both(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        _, promise = broken_call_back(fed, ann)
        recovery = "/v1/promises/" + promise + "/recovery/"

        def finish(problem):
            refused(ann.post(recovery + "finish"), 409, problem)

        finish("harm_missing")
        ann.must_post(recovery + "harms", {"practical": "missed_the_match"})
        finish("harm_missing")
        ann.must_post(recovery + "harms", {"felt": "let_down"})
        finish("apology_missing")
        ann.must_post(recovery + "apologise", {"words": "We are sorry.", "language": "en"})
        finish("remedy_missing")
        ann.must_post(recovery + "waive")
        finish("not_asked")
        ann.must_post(recovery + "follow_up", {"answer": "yes"})
        ann.must_post(recovery + "finish")
        got = wait_recovery(hq, promise, state="done")
        must((got["practical"], got["felt"]) == ("missed_the_match", "let_down"), got)
        must(got["waived"] and got["answer"] == "yes", got)


if __name__ == "__main__":
    main()
