package io.meshnet.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/**
 * Turns one call of a runtime, environment and standard input, into what the plugin prints and how it exits.
 *
 * <p>There are two forms of configuration. With {@code delegate} the first interface is the delegate's work, and its result
 * is the answer. In a chain the runtime hands over {@code prevResult}, which is the answer; nothing is delegated. Everything is
 * checked before anything is done. Safe for use by any thread.
 */
public final class Dispatcher {
    private static final System.Logger LOG = System.getLogger(Dispatcher.class.getName());
    private static final String PREV_RESULT = "prevResult";

    private final PodNetwork network;
    private final Delegates delegates;
    private final ContainerLocks locks = new ContainerLocks();

    /**
     * @param network what the plugin itself does
     * @param delegates where delegates come from
     */
    public Dispatcher(PodNetwork network, Delegates delegates) {
        this.network = network;
        this.delegates = delegates;
    }

    /**
     * Serves one call. Never throws: every failure is a reply with the error JSON of the specification.
     *
     * @param environment the environment; what is not named {@code CNI_...} is ignored
     * @param stdin the standard input
     */
    public Reply dispatch(Map<String, String> environment, byte[] stdin) {
        try {
            Invocation call = Invocation.read(environment);
            if (call.command() == Command.VERSION) {
                return version(stdin);
            }
            NetworkConfig config = NetworkConfig.decode(stdin);
            if (!config.cniVersion().atLeast(call.command().since())) {
                throw new CniException(
                        CniException.INCOMPATIBLE_VERSION,
                        call.command() + " needs cniVersion "
                                + call.command().since().text() + " or later, and the configuration of network \""
                                + config.name() + "\" is " + config.cniVersion().text());
            }
            return serve(call, config);
        } catch (CniException e) {
            return Reply.failure(spoken(stdin), e);
        } catch (Throwable e) { // a fault of ours must still reach the runtime in the form that it reads
            LOG.log(System.Logger.Level.ERROR, "a CNI call failed unexpectedly", e);
            return Reply.failure(spoken(stdin), internal(e));
        }
    }

    private Reply serve(Invocation call, NetworkConfig config) throws CniException {
        Optional<Delegation> delegation = Delegation.of(config);
        return switch (call.command()) {
            case ADD, DEL, CHECK -> inTurn(call, config, delegation);
            case STATUS -> status(call, config, delegation);
            case GC -> collect(call, config, delegation);
            case VERSION -> throw new IllegalStateException("VERSION has no configuration");
        };
    }

    /** Serves what is about one container once the calls for it that came before have ended. */
    private Reply inTurn(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        try (var _ = locks.take(call.containerId())) {
            return switch (call.command()) {
                case ADD -> add(call, config, delegation);
                case DEL -> delete(call, config, delegation);
                case CHECK -> check(call, config, delegation);
                case STATUS, GC, VERSION -> throw new IllegalStateException(call.command() + " is about no container");
            };
        }
    }

    private Reply add(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        Attachment attachment = attachment(call, config);
        Optional<AddResult> previous = previous(config);
        if (delegation.isEmpty()) {
            ObjectNode result =
                    previous.orElseThrow(Dispatcher::delegateRequired).as(config.cniVersion());
            network.validate(attachment);
            network.begin(attachment).finish();
            return Reply.success(result);
        }
        if (previous.isPresent()) {
            throw NetworkConfig.invalid("\"delegate\" and \"prevResult\" are both given: a plugin with a delegate"
                    + " must be the first of its chain");
        }
        network.validate(attachment);
        return addDelegated(call, attachment, delegation.get());
    }

    private Reply addDelegated(Invocation call, Attachment attachment, Delegation delegation) throws CniException {
        if (network.isAttached(attachment)) {
            throw new CniException(
                    CniException.INVALID_ENVIRONMENT,
                    "CNI_CONTAINERID: container " + call.containerId()
                            + " is attached already; a DEL has to come first");
        }
        Delegate delegate = delegates.find(delegation.type(), call);
        PodNetwork.Joining joining = network.begin(attachment);
        String printed;
        try {
            printed = delegate.call(call, delegation);
        } catch (CniException e) {
            // What it had begun is taken back; its own error is passed on as it is, whatever comes of that.
            var _ = undo(delegate, call.with(Command.DEL), delegation, e);
            throw e;
        }
        try {
            String what = "the result of " + delegate.named(call);
            ObjectNode result = AddResult.of(Json.readObject(printed, what), delegation.version(), what)
                    .as(attachment.config().cniVersion());
            joining.finish();
            return Reply.success(result);
        } catch (CniException e) {
            throw undo(delegate, call.with(Command.DEL), delegation, e);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "ADD of container " + call.containerId() + " failed unexpectedly", e);
            throw undo(delegate, call.with(Command.DEL), delegation, internal(e));
        }
    }

    /** Takes the delegate's work back after {@code failure}; what goes wrong with that goes to the details. */
    private static CniException undo(
            Delegate delegate, Invocation delete, Delegation delegation, CniException failure) {
        try {
            delegate.call(delete, delegation);
            return failure;
        } catch (CniException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "after a failed ADD of container {0}: {1}",
                    delete.containerId(),
                    both(e));
            return failure.withDetails(
                    "and " + delete.command() + " of the delegate, which was to undo its ADD: " + both(e));
        }
    }

    private Reply delete(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        Attachment attachment = attachment(call, config);
        Optional<Delegation> complete = delegation.isEmpty()
                ? Optional.empty()
                : Optional.of(withPreviousIfUsable(delegation.get(), call, config));
        Invocation delegated = isStale(attachment) ? call.withoutNetns() : call;
        // Neither needs the other, and neither's failure keeps the other from its work.
        CompletableFuture<Optional<CniException>> theirs = CompletableFuture.supplyAsync(
                () -> failureOf(() -> {
                    if (complete.isPresent()) {
                        delegate(delegated, complete.get());
                    }
                }),
                Thread::startVirtualThread);
        Optional<CniException> ours = failureOf(() -> network.delete(attachment));
        return replyUnless(call, ours, theirs.join());
    }

    private boolean isStale(Attachment attachment) {
        try {
            return network.isStale(attachment);
        } catch (CniException e) {
            LOG.log(System.Logger.Level.WARNING, "DEL of container {0}: {1}", attachment.containerId(), both(e));
            return false;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "DEL of container " + attachment.containerId() + " goes on", e);
            return false;
        }
    }

    private Reply check(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        Attachment attachment = attachment(call, config);
        Optional<AddResult> previous = previous(config);
        if (delegation.isEmpty() && previous.isEmpty()) {
            throw delegateRequired();
        }
        if (delegation.isPresent() && delegation.get().knows(Command.CHECK)) {
            delegate(call, withPrevious(delegation.get(), previous));
        }
        network.check(attachment);
        return Reply.success();
    }

    private Reply status(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        if (delegation.isPresent()) {
            Delegate delegate = findFor(call, delegation.get());
            if (delegation.get().knows(Command.STATUS)) {
                delegate.call(call, delegation.get());
            }
        }
        network.status(config);
        return Reply.success();
    }

    /** A delegate that is not there will be missed by the next ADD, which is what STATUS is to tell. */
    private Delegate findFor(Invocation status, Delegation delegation) throws CniException {
        try {
            return delegates.find(delegation.type(), status);
        } catch (CniException e) {
            throw new CniException(CniException.NOT_AVAILABLE, e.msg(), e.details(), e);
        }
    }

    /**
     * Takes every attachment of the network that is not valid any more away as a DEL does, then tells the delegate. One that knows
     * no GC is told of each by a DEL. Nothing that fails keeps the rest from being done.
     */
    private Reply collect(Invocation call, NetworkConfig config, Optional<Delegation> delegation) throws CniException {
        Set<AttachmentId> valid = config.validAttachments();
        boolean known = delegation.isPresent() && delegation.get().knows(Command.GC);
        Optional<Delegation> toldByDel = known ? Optional.empty() : delegation;
        List<CniException> failures = new ArrayList<>();
        for (Attachment each : attached(config, failures)) {
            if (!valid.contains(each.id())) {
                failureOf(() -> inTurn(call.deleting(each), config, toldByDel))
                        .ifPresent(failure ->
                                failures.add(failure.about("container " + each.containerId() + ", " + each.ifname())));
            }
        }
        if (known) {
            Delegation told = delegation.get().with(AttachmentId.VALID, AttachmentId.json(valid));
            failureOf(() -> delegate(call, told)).ifPresent(failures::add);
        }
        if (failures.size() > 1) {
            String all = failures.stream().map(Dispatcher::both).collect(Collectors.joining("; and "));
            throw new CniException(failures.getFirst().code(), all, "", failures.getFirst());
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
        return Reply.success();
    }

    private List<Attachment> attached(NetworkConfig config, List<CniException> failures) {
        List<Attachment> attached = new ArrayList<>();
        failureOf(() -> attached.addAll(network.attached(config))).ifPresent(failures::add);
        return attached;
    }

    private void delegate(Invocation call, Delegation delegation) throws CniException {
        delegates.find(delegation.type(), call).call(call, delegation);
    }

    private static Reply version(byte[] stdin) {
        ObjectNode answer = Json.object();
        answer.put("cniVersion", SpecVersion.LATEST.text());
        try {
            JsonNode given = Json.readObject(stdin, "the input of VERSION").path("cniVersion");
            if (given.isTextual() && !given.textValue().isEmpty()) {
                answer.put("cniVersion", given.textValue());
            }
        } catch (CniException e) {
            // Runtimes of old sent nothing here, and a plugin can say what it supports whatever it is asked.
            LOG.log(System.Logger.Level.DEBUG, "VERSION without a version: {0}", e.msg());
        }
        SpecVersion.texts().forEach(answer.putArray("supportedVersions")::add);
        return Reply.success(answer);
    }

    private static Attachment attachment(Invocation call, NetworkConfig config) throws CniException {
        return new Attachment(call.containerId(), call.netns(), call.ifname(), PodArguments.parse(call.args()), config);
    }

    private static Optional<AddResult> previous(NetworkConfig config) throws CniException {
        Optional<ObjectNode> json = config.object(PREV_RESULT);
        return json.isEmpty()
                ? Optional.empty()
                : Optional.of(AddResult.of(json.get(), config.cniVersion(), "\"prevResult\""));
    }

    /** The result of ADD, which delegates are given from version 0.4.0 on. */
    private static Delegation withPrevious(Delegation delegation, Optional<AddResult> previous) throws CniException {
        return previous.isPresent() && delegation.version().atLeast(SpecVersion.V0_4_0)
                ? delegation.with(PREV_RESULT, previous.get().as(delegation.version()))
                : delegation;
    }

    /** The same for DEL, which has to get as far as it can without. */
    private static Delegation withPreviousIfUsable(Delegation delegation, Invocation call, NetworkConfig config) {
        try {
            return withPrevious(delegation, previous(config));
        } catch (CniException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "DEL of container {0} without prevResult: {1}",
                    call.containerId(),
                    both(e));
            return delegation;
        }
    }

    private static CniException delegateRequired() {
        return NetworkConfig.invalid(
                "\"delegate\" is a required field in config, it should be the config of the main plugin to use");
    }

    /** Something that goes on after the failure of something else. */
    private interface Step {
        void run() throws CniException;
    }

    private static Optional<CniException> failureOf(Step step) {
        try {
            step.run();
            return Optional.empty();
        } catch (CniException e) {
            return Optional.of(e);
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "a step of a CNI call failed unexpectedly", e);
            return Optional.of(internal(e));
        }
    }

    private static Reply replyUnless(Invocation call, Optional<CniException> ours, Optional<CniException> theirs)
            throws CniException {
        if (ours.isPresent() && theirs.isPresent()) {
            throw new CniException(
                    ours.get().code(),
                    both(ours.get()) + "; and " + call.command() + " of the delegate: " + both(theirs.get()),
                    "",
                    ours.get());
        }
        if (ours.isPresent()) {
            throw ours.get();
        }
        if (theirs.isPresent()) {
            throw theirs.get();
        }
        return Reply.success();
    }

    private static String both(CniException e) {
        return e.details().isEmpty() ? e.msg() : e.msg() + " (" + e.details() + ")";
    }

    private static CniException internal(Throwable e) {
        return new CniException(CniException.INTERNAL, "a fault of the plugin itself", e.toString(), e);
    }

    /** The version that an error is told in: that of the configuration if it can be made out. */
    private static SpecVersion spoken(byte[] stdin) {
        if (stdin == null) {
            return SpecVersion.LATEST;
        }
        try {
            JsonNode version =
                    Json.readObject(stdin, "the network configuration").path("cniVersion");
            return SpecVersion.of(version.asText("")).orElse(SpecVersion.LATEST);
        } catch (CniException e) {
            return SpecVersion.LATEST;
        }
    }
}
