package io.meshnet.cni;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The released versions of the CNI specification, oldest first. */
public enum SpecVersion {
    V0_1_0("0.1.0", ResultForm.PER_FAMILY),
    V0_2_0("0.2.0", ResultForm.PER_FAMILY),
    V0_3_0("0.3.0", ResultForm.VERSIONED_LIST),
    V0_3_1("0.3.1", ResultForm.VERSIONED_LIST),
    V0_4_0("0.4.0", ResultForm.VERSIONED_LIST),
    V1_0_0("1.0.0", ResultForm.LIST),
    V1_1_0("1.1.0", ResultForm.LIST);

    /** The version that answers where a call names none that is known. */
    public static final SpecVersion LATEST = V1_1_0;

    private final String text;
    private final ResultForm form;

    SpecVersion(String text, ResultForm form) {
        this.text = text;
        this.form = form;
    }

    /** The version as configurations write it: {@code 0.3.1}. */
    public String text() {
        return text;
    }

    /** Whether this version is {@code other} or a later one. */
    public boolean atLeast(SpecVersion other) {
        return compareTo(other) >= 0;
    }

    /** The version that {@code text} names; empty text is 0.1.0, which is from before configurations had to say. */
    public static Optional<SpecVersion> of(String text) {
        if (text.isEmpty()) {
            return Optional.of(V0_1_0);
        }
        return Arrays.stream(values())
                .filter(version -> version.text.equals(text))
                .findFirst();
    }

    /** All versions as configurations write them, oldest first. */
    public static List<String> texts() {
        return Arrays.stream(values()).map(SpecVersion::text).toList();
    }

    ResultForm form() {
        return form;
    }
}
