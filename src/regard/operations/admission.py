"""Who is let in, about what, and by which purpose's rules: asked for every request, and again for what is
run later than it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from regard.caller import LOCAL, Caller
from regard.collections.face_models import FaceModels
from regard.context import Context, Subject
from regard.errors import AccessDeniedException, NotImplementedException
from regard.governance import policy, purpose
from regard.governance.cases import Case
from regard.governance.permissions import Permission, permits
from regard.governance.presence import check_presence
from regard.governance.record import Record
from regard.governance.responsibility import Act
from regard.operations import moving_pictures as moving
from regard.operations.admitted import Admitted
from regard.operations.operation import Operation
from regard.operations.subjects import collection_of, resolve
from regard.settings import Settings
from regard.stores import Stores
from regard.vision.findings import Pictures
from regard.vision.models import Models


class Admission:
    """Lets requests in, or raises why not. Thread-safe; it runs nothing, and writes no record."""

    def __init__(
        self,
        settings: Settings,
        models: Models,
        face_models: FaceModels,
        stores: Stores,
        operations: Mapping[str, Operation],
        *,
        unbuilt: Mapping[str, str],
        holder: Callable[[str], Caller | None],
    ) -> None:
        """The arguments are the gate's."""
        self._settings = settings
        self._models = models
        self._face_models = face_models
        self._stores = stores
        self._operations = operations
        self._unbuilt = {key: name for key, name in unbuilt.items() if key not in operations}
        self._holder = holder

    def name_of(self, operation: str) -> str:
        """The API's name of an operation, by its key. Raises KeyError."""
        declared = self._operations.get(operation)
        return self._unbuilt[operation] if declared is None else declared.name

    def record_of(
        self, operation: str, params: Mapping[str, Any], caller: Caller, request_id: str, case: str | None
    ) -> Record:
        """The audit record of a request, which nothing of is written yet."""
        declared = self._operations.get(operation)
        collection = None if declared is None else collection_of(declared.about, params)
        return Record(
            self._stores.audit,
            operation=self.name_of(operation),
            collection=collection,
            caller=caller,
            request_id=request_id,
            case=case,
        )

    def admit(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        record: Record,
        *,
        pictures: Pictures | None = None,
    ) -> Admitted:
        """Lets a request in that was authenticated. Raises ServiceError."""
        self._refuse_inactive(caller)
        declared = self._operations.get(operation)
        if declared is None:  # nobody has decided yet who may
            raise NotImplementedException(
                f"{self.name_of(operation)} is not built in this version of Regard; "
                "docs/operations.md lists the operations that are."
            )
        if declared.is_local and caller.key_id != LOCAL.key_id:
            raise AccessDeniedException(
                f"{declared.name} is for the command line of whoever owns the data folder."
            )
        subject = resolve(declared.about, params, self._stores, self._settings)
        record.about(**subject.told)
        self._refuse_unauthorized(declared, caller, subject)
        check_presence(declared.presence, caller)
        record.settle = self._stores.quotas.admit(caller, declared.units(params))
        for member, other in (declared.rights or {}).items():
            if params.get(member):
                self._refuse_unauthorized(self._operations[other], caller, subject)
        kept = declared.kept_threshold(subject)
        return self._admitted(declared, params, caller, subject, record, pictures=pictures, requested=kept)

    def admit_anybody(self, operation: Operation, params: Mapping[str, Any], caller: Caller) -> Admitted:
        """Lets in whoever asks, for what is public."""
        return Admitted(operation, self._context(operation, caller), dict(params))

    def foresee(self, operation: str, params: Mapping[str, Any], caller: Caller) -> Context:
        """What a request that will be made is about, for who prepares it; it counts for no quota. Raises
        ServiceError where the caller may not make it.
        """
        self._refuse_inactive(caller)
        declared = self._operations[operation]
        subject = resolve(declared.about, params, self._stores, self._settings)
        self._refuse_unauthorized(declared, caller, subject)
        check_presence(declared.presence, caller)
        strict, act = self._strict_of(declared, caller, subject), declared.act_on(subject)
        if strict is not None and act is not None:
            self._stores.accountability.responsibility.admit(act, caller, strict, None)
        return replace(self._context(declared, caller), subject=subject)

    def now(self, began: Caller) -> Caller:
        """Whoever began something, as they are now; as they were where nobody holds their key any more."""
        return self._holder(began.key_id) or began

    def admit_again(
        self,
        operation: str,
        params: Mapping[str, Any],
        began: Caller,
        subject: Subject,
        record: Record,
        *,
        requested: float | None,
    ) -> Admitted:
        """Admits the running of what was admitted when it was started, by the threshold of then."""
        caller, declared = self._holder_of(began), self._operations[operation]
        self._refuse_unauthorized(declared, caller, subject)
        return self._admitted(declared, params, caller, subject, record, requested=requested)

    def refuse_withdrawn(self, admitted: Admitted, began: Caller) -> None:
        """Raises AccessDeniedException if whoever began something may not any more, and
        ResourceNotFoundException if what it is about is gone."""
        context, caller = admitted.context, self._holder_of(began)
        subject, act = context.subject, admitted.operation.act
        self._refuse_unauthorized(admitted.operation, caller, subject)
        if context.strict is not None and act is not None:
            self._stores.accountability.responsibility.admit(act, caller, context.strict, context.case)
            moving.check_grant(context, admitted.request)
        if subject.collection is not None:
            current = self._stores.collections.get(subject.collection.collection_id)
            moving.refuse_changed(admitted.operation, context, subject.collection, current)

    def _holder_of(self, began: Caller) -> Caller:
        """Whoever began something, as they are now. Raises AccessDeniedException for a key that is gone."""
        caller = self._holder(began.key_id)
        if caller is None:
            raise AccessDeniedException(f"The key {began.key_id}, which started the job, is gone.")
        if caller.suspended:
            raise AccessDeniedException(f"The key {caller.key_id}, which started the job, is suspended.")
        return caller

    def _admitted(
        self,
        operation: Operation,
        params: Mapping[str, Any],
        caller: Caller,
        subject: Subject,
        record: Record,
        *,
        pictures: Pictures | None = None,
        requested: float | None = None,
    ) -> Admitted:
        """By which purpose's rules a request runs. `requested` is the threshold of a job or a processor."""
        site = self._settings.site_purpose
        effective = purpose.stricter(purpose.stricter(subject.purpose, caller.purpose), site)
        record.purpose = effective
        strict = self._strict_of(operation, caller, subject)
        case = None if strict is None else self._answered_for(operation, caller, subject, record, strict)
        grant = None if case is None else moving.grant_of(operation, params, subject, case, self._stores)
        if grant is not None:
            record.about(authorization=grant.authorization_id)
        if operation.sets_purpose is not None:
            new = operation.sets_purpose(params)
            record.about(purpose_given=new)
            if new is not None and subject.collection is not None:
                may_lower = any(permits(role, Permission.LOWER_PURPOSE) for role in caller.roles)
                purpose.check_change(subject.purpose, new, may_lower=may_lower)
        threshold = operation.threshold(params, self._settings, effective, of_job=requested)
        record.threshold = threshold
        context = replace(
            self._context(operation, caller, pictures),
            subject=subject,
            request_id=record.request_id,
            case=record.case,
            purpose=effective,
            strict=strict,
            open_case=case,
            grant=grant,
            threshold=threshold or 0.0,
        )
        return Admitted(operation, context, dict(params))

    def _context(self, operation: Operation, caller: Caller, pictures: Pictures | None = None) -> Context:
        """What an operation works with, before anything is known of the request."""
        return Context(
            settings=self._settings,
            models=self._models,
            face_models=self._face_models,
            stores=self._stores,
            caller=caller,
            operation=operation.key,
            pictures=pictures or Pictures(self._models),
        )

    def _strict_of(self, operation: Operation, caller: Caller, subject: Subject) -> str | None:
        """The strict purpose whose rules a request runs by; None where there is none."""
        authorized = moving.purpose_of(operation, subject, self._stores)
        return purpose.strict_of(subject.purpose, caller.purpose, self._settings.site_purpose, authorized)

    def _answered_for(
        self, operation: Operation, caller: Caller, subject: Subject, record: Record, strict: str
    ) -> Case | None:
        """The case on which somebody does what a strict purpose asks about. Raises AccessDeniedException."""
        act = operation.act_on(subject)
        if act is None:
            return None
        of_case = subject.job.case if act is Act.READ_MATCHES and subject.job is not None else None
        admit = self._stores.accountability.responsibility.admit
        case = admit(act, caller, strict, record.case, of_case=of_case)
        if case is not None:
            record.on_case(case.case_id)
        return case

    def _refuse_inactive(self, caller: Caller) -> None:
        if caller.suspended:
            raise AccessDeniedException(f"The key {caller.key_id} is suspended.")
        if caller.expired:
            raise AccessDeniedException(f"The hours of the key {caller.key_id} are over; ask for another.")

    def _refuse_unauthorized(self, operation: Operation, caller: Caller, subject: Subject) -> None:
        if operation.permission is None:
            return
        action = f"rekognition:{operation.name}"
        for arn in operation.needed_arns(subject):
            policy.check(caller, operation.permission, action, arn, account=self._settings.account)
