"""A program that sends requests which were made beforehand, over connections that stay open, each with one request in hand at a time.

It costs little more than writing to and reading from the sockets does, so that what is measured is the server. It is told what to do
by one line of JSON on standard input (see `client`), and says what came of it by one on standard output.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

WITHIN = 60.0
"""Seconds in which answers are given up if none comes."""


class Connection:
    """One connection, and the number of the request that it has in hand."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = -1
        self._read = b""

    def send(self, number: int, request: bytes) -> None:
        """Send this one."""
        self.number = number
        self.socket.sendall(request)

    def is_answered(self) -> bool:
        """Whether the answer is whole, with what can be read now. Raises RuntimeError for one that is not 2xx."""
        data = self.socket.recv(65_536)
        if not data:
            raise RuntimeError("the server has closed the connection")
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return False
        if head[9:10] != b"2":
            raise RuntimeError(f"a request was answered with {head[9:12].decode()}: {body[:300].decode(errors='replace')}")
        self._read = b""
        return True


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"content-length:")
    return int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def as_fast_as_answered(requests: list[bytes], address: tuple[str, int], connections: int, seconds: float) -> dict[str, object]:
    """Send these one after another, each as soon as a connection is free, and none that would begin after so many *seconds*."""
    poll, by_number = select.epoll(), {}
    for _ in range(connections):
        one = Connection(address)
        poll.register(one.socket, select.EPOLLIN)
        by_number[one.socket.fileno()] = one
    waiting: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
    done = in_hand = 0
    cpu, begun = time.process_time(), time.perf_counter()
    ended, last = begun, begun + seconds
    for one in by_number.values():
        following = next(waiting, None)
        if following is not None:
            one.send(*following)
            in_hand += 1
    while in_hand:
        events = poll.poll(WITHIN)
        if not events:
            raise RuntimeError(f"no answer within {WITHIN:g} seconds")
        for number, _ in events:
            one = by_number[number]
            if not one.is_answered():
                continue
            done, in_hand, ended = done + 1, in_hand - 1, time.perf_counter()
            following = next(waiting, None) if ended < last else None
            if following is not None:
                one.send(*following)
                in_hand += 1
    return {"requests": done, "begun": begun, "ended": ended, "cpu": time.process_time() - cpu}


def at_a_rate(requests: list[bytes], address: tuple[str, int], connections: int, a_second: float) -> dict[str, object]:
    """Send these one by one at a steady rate: each when it is due, whether or not those before it are answered."""
    poll, by_number = select.epoll(), {}
    free = [Connection(address) for _ in range(connections)]
    for one in free:
        poll.register(one.socket, select.EPOLLIN)
        by_number[one.socket.fileno()] = one
    sent, answered = [0.0] * len(requests), [0.0] * len(requests)
    begun, following, left = time.perf_counter(), 0, len(requests)
    last = begun + len(requests) / a_second + WITHIN
    while left:
        can_send = bool(free) and following < len(requests)
        due, now = begun + following / a_second if can_send else last, time.perf_counter()
        if now > last:
            raise RuntimeError(f"{left} requests have no answer")
        if can_send and now >= due:
            sent[following] = now
            free.pop().send(following, requests[following])
            following += 1
            continue
        for number, _ in poll.poll(max(0.0, due - now)):
            one = by_number[number]
            if one.is_answered():
                answered[one.number] = time.perf_counter()
                free.append(one)
                left -= 1
    return {"sent": sent, "answered": answered}


def main() -> None:
    """Do what the line on standard input says."""
    told = json.loads(sys.stdin.readline())
    requests = []
    with Path(told["requests"]).open("rb") as file:
        for length in told["lengths"]:
            requests.append(file.read(length))
    way = as_fast_as_answered if told["way"] == "fast" else at_a_rate
    json.dump(way(requests, (told["host"], told["port"]), told["connections"], told["number"]), sys.stdout)


if __name__ == "__main__":
    main()
