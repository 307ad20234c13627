package io.meshnet.daemon.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Optional;

/** How meshnet is added to a configuration. Pure functions of the original's content. */
public enum Form {
    /** Behind all of the original's plugins. */
    CHAINED {
        @Override
        void add(ArrayNode plugins, ObjectNode meshnet) {
            plugins.add(meshnet);
        }
    },
    /** In the place of the first plugin, which it calls as its delegate; the others stay chained behind. */
    DELEGATE {
        @Override
        void add(ArrayNode plugins, ObjectNode meshnet) {
            ObjectNode first = ((ObjectNode) plugins.get(0)).deepCopy();
            // A runtime hands runtimeConfig to the plugins it knows to be capable, and it knows the outer one only.
            Optional.ofNullable(first.get(CAPABILITIES)).ifPresent(capable -> meshnet.set(CAPABILITIES, capable));
            meshnet.set("delegate", first);
            plugins.set(0, meshnet);
        }
    };

    private static final String CAPABILITIES = "capabilities";
    private static final String PLUGINS = "plugins";
    private static final String VERSION = "cniVersion";
    private static final String NAME = "name";
    private static final String TYPE = "type";

    abstract void add(ArrayNode plugins, ObjectNode meshnet);

    /**
     * The list that has meshnet in it. Its name and version are the original's: plugins keep their state, such as leases, under the
     * network's name, and runtimes have to find it for pods that were there before.
     *
     * @param etcd the entry's {@code etcd_host} and {@code etcd_port}; empty to leave them to the daemon
     * @throws InstallException.NoOriginal when the original is not what runtimes accept
     */
    ObjectNode of(ConfDirectory.Configuration original, ObjectNode etcd) throws InstallException {
        ObjectNode list = list(original.file(), original.json());
        ObjectNode meshnet = ConfigurationText.object();
        meshnet.put(TYPE, "meshnet");
        meshnet.setAll(etcd);
        meshnet.put(ConfDirectory.MARK, original.file().getFileName().toString());
        add((ArrayNode) list.path(PLUGINS), meshnet);
        return list;
    }

    /** The original as a list. Like libcni, by the file's extension, whatever it holds. */
    private static ObjectNode list(Path file, ObjectNode json) throws InstallException {
        requireText(file, json, "", NAME);
        if (!file.getFileName().toString().endsWith(".conflist")) {
            requireText(file, json, "", TYPE);
            return single(json);
        }
        if (!(json.path(PLUGINS) instanceof ArrayNode plugins) || plugins.isEmpty()) {
            throw ConfigurationText.unreadable(
                    file, "has no plugins: \"plugins\" must be an array with one at least", null);
        }
        for (int i = 0; i < plugins.size(); i++) {
            if (!plugins.get(i).isObject()) {
                throw ConfigurationText.unreadable(
                        file, "is wrong at plugins[" + i + "]: that must be an object", null);
            }
            requireText(file, plugins.get(i), " of plugins[" + i + "]", TYPE);
        }
        return json.deepCopy();
    }

    private static ObjectNode single(ObjectNode json) {
        ObjectNode plugin = json.deepCopy();
        ObjectNode list = ConfigurationText.object();
        JsonNode version = plugin.remove(VERSION);
        if (version != null) {
            list.set(VERSION, version);
        }
        list.set(NAME, plugin.remove(NAME));
        list.putArray(PLUGINS).add(plugin);
        return list;
    }

    private static void requireText(Path file, JsonNode json, String of, String member) throws InstallException {
        String text = json.path(member).textValue();
        if (text == null || text.isEmpty()) {
            throw ConfigurationText.unreadable(
                    file, "is wrong: \"" + member + "\"" + of + " is missing, or no string", null);
        }
    }
}
