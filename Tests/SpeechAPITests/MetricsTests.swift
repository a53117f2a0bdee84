import Metrics
import MetricsTestKit
import SpeechAPI
import SpeechCore
import Testing

@Suite("Metrics of the HTTP surface", .timeLimit(.minutes(1)))
struct MetricsTests {
    @Test("Requests, audio and time to first audio are counted")
    func counts() async throws {
        let metrics = TestMetrics()
        let synthesizer = FakeSynthesizer { utterance in
            utterance.text == "No." ? .failure(SpeechError(.queueFull, "Full.")) : .success(FakeStream(.audio(.sample)))
        }
        _ = try await withMetricsFactory(metrics) {
            try await TestServer.run(synthesizer) { server in
                _ = try await server.speak(#"{"input": "Yes.", "response_format": "pcm"}"#)
                _ = try await server.speak(#"{"input": "No."}"#)
                _ = try await server.ask("GET", "/nowhere/1")
                _ = try await server.ask("GET", "/nowhere/2")
            }
        }
        func requests(_ route: String, _ status: String) -> Int64 {
            metrics.counterTotal(
                label: "chorus_http_requests_total",
                dimensions: [("route", route), ("status", status)]
            )
        }
        #expect(requests("/v1/audio/speech", "200") == 1)
        #expect(requests("/v1/audio/speech", "503") == 1)
        #expect(requests("other", "404") == 2)
        #expect(metrics.counterTotal(label: "chorus_bytes_sent_total") == Int64(PCM.sample.byteCount))
        #expect(try metrics.expectTimer("chorus_ttfa_seconds").values.count == 1)
        #expect(try metrics.expectMeter("chorus_streams_open").values.last == 0)
    }
}
