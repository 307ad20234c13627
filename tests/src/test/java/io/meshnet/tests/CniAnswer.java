package io.meshnet.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

/** What the plugin answered. */
record CniAnswer(Outcome outcome) {

    /** Makes sure that the call succeeded. */
    CniAnswer succeeded() {
        assertThat(outcome.status()).as("%s", outcome).isZero();
        return this;
    }

    /** Makes sure that the call failed with an error of that code. */
    CniAnswer failedWith(int code) {
        assertThat(outcome.status()).as("%s", outcome).isEqualTo(1);
        assertThat(json().path("code").asInt()).as("%s", outcome).isEqualTo(code);
        assertThat(json().path("msg").asText()).as("%s", outcome).isNotBlank();
        assertThat(json().path("cniVersion").asText()).as("%s", outcome).isNotBlank();
        return this;
    }

    /** The result or the error. */
    JsonNode json() {
        return Json.parse(outcome.out());
    }

    /** What the error says, message and details. */
    String text() {
        return json().path("msg").asText() + " " + json().path("details").asText();
    }

    /** The address of eth0 in a result of version 0.1.0, without the prefix length. */
    String address() {
        return json().path("ip4").path("ip").asText().replaceFirst("/.*", "");
    }

    @Override
    public String toString() {
        return outcome.toString();
    }
}
