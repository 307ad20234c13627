package io.meshnet.cni;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A pod network that notes what it is asked and fails where it is told to. */
final class RecordingNetwork implements PodNetwork {
    final List<String> calls = new ArrayList<>();
    final List<Attachment> attachments = new ArrayList<>();
    final Map<String, CniException> failures = new HashMap<>();
    final Map<String, RuntimeException> faults = new HashMap<>();
    List<Attachment> held = List.of();
    boolean attached;
    boolean stale;
    Runnable begun = () -> {};
    Runnable deleting = () -> {};

    @Override
    public boolean isAttached(Attachment attachment) {
        return attached;
    }

    @Override
    public boolean isStale(Attachment attachment) {
        return stale;
    }

    @Override
    public void validate(Attachment attachment) throws CniException {
        attachment.config().text("etcd_port", "2379");
        called("validate", attachment);
    }

    @Override
    public Joining begin(Attachment attachment) throws CniException {
        begun.run();
        if (failures.containsKey("begin")) {
            throw failures.get("begin");
        }
        return () -> called("add", attachment);
    }

    @Override
    public void delete(Attachment attachment) throws CniException {
        deleting.run();
        called("delete", attachment);
    }

    @Override
    public void check(Attachment attachment) throws CniException {
        called("check", attachment);
    }

    @Override
    public void status(NetworkConfig config) throws CniException {
        called("status", null);
    }

    @Override
    public List<Attachment> attached(NetworkConfig config) throws CniException {
        called("attached", null);
        return held;
    }

    private void called(String what, Attachment attachment) throws CniException {
        calls.add(what);
        attachments.add(attachment);
        if (faults.containsKey(what)) {
            throw faults.get(what);
        }
        if (failures.containsKey(what)) {
            throw failures.get(what);
        }
    }
}
