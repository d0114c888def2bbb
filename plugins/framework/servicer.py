"""The engine's ResourceProvider service over a `Provider` and its handlers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from hybrid_mesh.plugins.framework.calls import CallContext
from hybrid_mesh.plugins.framework.engine import EngineLog, Severity
from hybrid_mesh.plugins.framework.errors import (
    UNREADY,
    InitializationFailedError,
    OperationCancelledError,
    ResourceError,
    abort_initialization_failed,
    redact,
)
from hybrid_mesh.plugins.framework.handler import (
    CheckCall,
    Checked,
    CreateCall,
    DeleteCall,
    Diff,
    DiffCall,
    ReadCall,
    ReadState,
    ResourceHandler,
    UpdateCall,
)
from hybrid_mesh.plugins.framework.provider import Provider
from hybrid_mesh.plugins.framework.values import Decoded, Path, Properties, decode, encode, secret_strings


class ProviderServicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates calls; one instance serves one provider resource."""

    def __init__(self, provider: Provider, engine: EngineLog) -> None:
        self._provider = provider
        self._engine = engine
        self._provider_secrets: frozenset[str] = frozenset()
        self.cancelled = threading.Event()

    # life

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        self._engine.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        self._engine.connect(request.address)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self) -> None:
        """Wakes every wait of every handler."""
        self.cancelled.set()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return plugin_pb2.PluginInfo(version=self._provider.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        del request, context
        return provider_pb2.GetSchemaResponse(
            schema=f'{{"name": "{self._provider.name}", "version": "{self._provider.version}"}}'
        )

    # the provider's own inputs

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = decode(request.olds), decode(request.news)
        with self._call(request, context, olds, news) as call:
            return _check_response(self._provider.check_config(olds.value, news.value, call), news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old_inputs, news = decode(request.old_inputs), decode(request.news)
        with self._call(request, context, old_inputs, news) as call:
            return _diff_response(self._provider.diff_config(old_inputs.value, news.value, call))

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        arguments = decode(request.args)
        self._provider_secrets = secret_strings(arguments)
        with self._call(request, context, arguments) as call:
            self._provider.configure(arguments.value, call)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        arguments = decode(request.args)
        with self._call(request, context, arguments) as call:
            result = self._provider.invoke(request.tok, arguments.value, call)
            returned: dict[str, Any] = {"return": encode(result)}
            return provider_pb2.InvokeResponse(**returned)

    # resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, news = decode(request.olds), decode(request.news)
        with self._call(request, context, olds, news) as call:
            return _check_response(
                self._handler(request).check(CheckCall(olds.value, news.value, call)), news
            )

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, old_inputs, news = decode(request.olds), decode(request.old_inputs), decode(request.news)
        with self._call(request, context, olds, old_inputs, news) as call:
            asked = DiffCall(request.id, olds.value, old_inputs.value, news.value, call)
            return _diff_response(self._handler(request).diff(asked))

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs = decode(request.properties)
        with self._call(request, context, inputs) as call:
            handler = self._handler(request)
            created = handler.create(CreateCall(inputs.value, request.preview, request.timeout, call))
            return provider_pb2.CreateResponse(
                id=created.identity, properties=_outputs(created.outputs, handler, inputs.secrets)
            )

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, outputs = decode(request.inputs), decode(request.properties)
        with self._call(request, context, inputs, outputs) as call:
            handler = self._handler(request)
            try:
                found = handler.read(ReadCall(request.id, inputs.value, outputs.value, call))
            except ResourceError as failure:
                if not call.unready or isinstance(
                    failure, OperationCancelledError | InitializationFailedError
                ):
                    raise
                call.log(Severity.WARNING, str(failure))
                found = ReadState(request.id, inputs.value, outputs.value)
            if found is None:
                return provider_pb2.ReadResponse(id="")
            if call.unready and not found.ready:
                raise InitializationFailedError(
                    found.identity, found.outputs, list(call.unready), found.inputs
                )
            secrets = inputs.secrets | outputs.secrets
            return provider_pb2.ReadResponse(
                id=found.identity,
                inputs=encode(found.inputs, inputs.secrets),
                properties=_outputs(found.outputs, handler, secrets),
            )

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, old_inputs, news = decode(request.olds), decode(request.old_inputs), decode(request.news)
        with self._call(request, context, olds, old_inputs, news) as call:
            handler = self._handler(request)
            asked = UpdateCall(
                request.id,
                olds.value,
                old_inputs.value,
                news.value,
                request.preview,
                request.timeout,
                call,
            )
            outputs = handler.update(asked)
            return provider_pb2.UpdateResponse(properties=_outputs(outputs, handler, news.secrets))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        outputs, old_inputs = decode(request.properties), decode(request.old_inputs)
        with self._call(request, context, outputs, old_inputs) as call:
            asked = DeleteCall(request.id, outputs.value, old_inputs.value, request.timeout, call)
            self._handler(request).delete(asked)
        return empty_pb2.Empty()

    # shared

    def _handler(self, request: Any) -> ResourceHandler:
        return self._provider.handler(_token(request))

    @contextmanager
    def _call(self, request: Any, context: grpc.ServicerContext, *decoded: Decoded) -> Iterator[CallContext]:
        """The call's context. Exceptions inside end the call with one line without secrets."""
        texts = self._provider_secrets.union(*(secret_strings(each) for each in decoded))
        unready = [reason for each in decoded for reason in each.value.pop(UNREADY, ())]
        urn = getattr(request, "urn", "")
        call = CallContext(
            urn=urn,
            name=urn.rpartition("::")[2],
            type=_token(request),
            cancelled=self.cancelled,
            engine=self._engine,
            secrets=texts,
            random_seed=getattr(request, "randomSeed", b""),
            unready=tuple(unready),
        )
        try:
            yield call
        except InitializationFailedError as failure:
            paths = frozenset[Path]().union(*(each.secrets for each in decoded))
            handler = self._provider.handler(call.type)
            abort_initialization_failed(context, failure, paths | _tops(handler.secret_outputs), texts)
        except OperationCancelledError as failure:
            context.abort(grpc.StatusCode.CANCELLED, redact(str(failure), texts))
        except ResourceError as failure:
            context.abort(grpc.StatusCode.UNKNOWN, redact(str(failure), texts))
        except Exception as failure:
            # The last boundary before the engine: an internal error must be one line, too.
            _abort_internal(context, failure, texts, call)


def _abort_internal(
    context: grpc.ServicerContext, failure: Exception, texts: frozenset[str], call: CallContext
) -> None:
    step = failure.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    place = f" at {step.tb_frame.f_code.co_filename}:{step.tb_lineno}" if step else ""
    text = f"internal error in {call.type or 'the provider'}{place}: {type(failure).__name__}: {failure}"
    context.abort(grpc.StatusCode.INTERNAL, redact(" ".join(text.split()), texts))


def _token(request: Any) -> str:
    return (
        getattr(request, "type", "")
        or getattr(request, "urn", "").rpartition("::")[0].rpartition("::")[2].rpartition("$")[2]
    )


def _tops(names: frozenset[str]) -> frozenset[Path]:
    return frozenset((name,) for name in names)


def _outputs(outputs: Properties, handler: ResourceHandler, secrets: frozenset[Path]) -> struct_pb2.Struct:
    """Outputs with the inputs' secret marks. Marks inside a list cover the whole list, as its order may
    differ."""
    covering = {tuple(itertools.takewhile(lambda step: isinstance(step, str), path)) for path in secrets}
    return encode(outputs, covering | _tops(handler.secret_outputs))


def _check_response(checked: Checked, news: Decoded) -> Any:
    return provider_pb2.CheckResponse(
        inputs=encode(checked.inputs, news.secrets),
        failures=[
            provider_pb2.CheckFailure(property=failure.property, reason=failure.reason)
            for failure in checked.failures
        ],
    )


def _diff_response(diff: Diff) -> Any:
    kinds = provider_pb2.PropertyDiff.Kind
    replaced = set(diff.replaces)

    def kind(path: str, name: str) -> Any:
        top = path.split(".", 1)[0].split("[", 1)[0]
        return kinds.Value(f"{name}_REPLACE" if path in replaced or top in replaced else name)

    changed = provider_pb2.DiffResponse.DIFF_SOME if diff.changes else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=changed,
        replaces=diff.replaces,
        deleteBeforeReplace=diff.delete_before_replace,
        diffs=sorted({path.split(".", 1)[0].split("[", 1)[0] for path in diff.detailed}),
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=kind(path, difference.value), inputDiff=True)
            for path, difference in diff.detailed.items()
        },
        hasDetailedDiff=bool(diff.detailed),
    )
