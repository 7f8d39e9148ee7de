"""The bounded memory: what is used stays, what was not used for long goes."""

import threading

from governance.guard.kept import Kept


def test_a_value_in_use_outlives_those_that_nobody_asks_for():
    kept = Kept(10)
    kept.put("used", 0)
    for number in range(100):
        kept.put(number, number)
        assert kept.get("used") == 0
        assert kept.get(number) == number
        assert len(kept) <= 10
    assert kept.get(50) is None


def test_whoever_kept_the_way_to_it_still_finds_what_is_there():
    kept = Kept(4)
    get = kept.get
    for number in range(8):
        kept.put(number, number)
    assert (get(7), kept.get(7), get(0), kept.get(0)) == (7, 7, None, None)


def test_threads_never_find_the_value_of_another_key():
    kept, wrong = Kept(8), []

    def use(first):
        for number in range(first, first + 2_000):
            kept.put(number % 16, number % 16)
            wrong.extend(key for key in range(16) if kept.get(key) not in (None, key))

    threads = [threading.Thread(target=use, args=(each,)) for each in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == []
    assert len(kept) <= 8
