"""Users, against a model."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select

from regard.errors import (
    ConflictException,
)
from regard.storage.database import Database
from regard.storage.schema import user_vectors
from tests.collections.user_stores import PEOPLE, Stores


@settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
class AgainstAModel(RuleBasedStateMachine):
    """Any sequence of requests leaves what a dictionary of sets says."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.store = Stores(Database.open(Path(self.folder.name)))
        self.store.collections.create("c", "1")
        self.people = {person: self.store.enrol(person, 4) for person in (0, 1, 2)}
        self.person_of = {face: person for person, faces in self.people.items() for face in faces}
        self.users: dict[str, set[str]] = {}

    def teardown(self) -> None:
        self.store.database.close()
        self.folder.cleanup()

    @rule(name=st.sampled_from("abc"))
    def create(self, name: str) -> None:
        if name in self.users:
            with pytest.raises(ConflictException):
                self.store.create(name)
        else:
            self.store.create(name)
            self.users[name] = set()

    @precondition(lambda self: self.users)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        self.store.delete(name)
        del self.users[name]

    @precondition(lambda self: self.users)
    @rule(data=st.data(), person=st.integers(0, 2))
    def associate(self, data: st.DataObject, person: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        chosen = data.draw(st.lists(st.sampled_from(self.people[person]), min_size=1, unique=True))
        answer = self.store.associate(name, chosen)
        own = self.users[name]
        taken = {face for user, faces in self.users.items() if user != name for face in faces}
        free = [face for face in chosen if face not in taken | own]
        fits = not own or {self.person_of[face] for face in own} == {person}
        assert answer.done == (tuple(free) if fits else ())
        refused = {face for face in chosen if face in taken} | set(() if fits else free)
        assert {face.face_id for face in answer.refused} == refused
        own |= set(answer.done)

    @precondition(lambda self: self.users)
    @rule(data=st.data(), person=st.integers(0, 2))
    def disassociate(self, data: st.DataObject, person: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.users)))
        chosen = data.draw(st.lists(st.sampled_from(self.people[person]), min_size=1, unique=True))
        answer = self.store.disassociate(name, chosen)
        assert set(answer.done) == self.users[name] & set(chosen)
        self.users[name] -= set(chosen)

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        listed = {name: "ACTIVE" if faces else "CREATED" for name, faces in self.users.items()}
        assert self.store.listed() == listed
        assert self.store.collection.user_count == len(self.users)
        owners = {face: name for name, faces in self.users.items() for face in faces}
        assert self.store.owners() == {face: owners.get(face) for face in self.person_of}
        for person in self.people:
            holders = {
                name
                for name, faces in self.users.items()
                if faces and self.person_of[next(iter(faces))] == person
            }
            assert set(self.store.found(PEOPLE[person][9])) == holders
        with self.store.database.read() as connection:
            kept = connection.execute(select(func.count()).select_from(user_vectors)).scalar()
        assert kept == sum(1 for faces in self.users.values() if faces)


TestAgainstAModel = AgainstAModel.TestCase
