"""The gate that a change must pass: ``splitbrain gate`` (docs/ci.md).

    replaying     every saved run goes as it must
    recall        the search still finds the bugs of the zoo that it found when the record was made
    determinism   schedules give the same trace twice, and in another process
    fuzzing       fresh schedules, for the rest of the time

Each is a stage; what came of all of them is printed, and written as JUnit XML and Markdown.
"""
