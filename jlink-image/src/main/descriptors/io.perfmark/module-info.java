/** The tracing calls in gRPC's transport. Without an implementation beside it they do nothing. */
module io.perfmark {
    exports io.perfmark;
}
