import Observability

extension PrometheusRegistry {
    /// Says what Chorus's metrics mean. To be called before the first of them is made.
    func describeChorus() {
        let texts = [
            "chorus_audio_seconds_total": "Seconds of audio that engines made, before any change of speed.",
            "chorus_bytes_sent_total": "Bytes of encoded audio that were written to clients.",
            "chorus_device_memory_bytes": "Memory of devices: total, foreign use, charged to instances, reserve.",
            "chorus_http_requests_total": "Requests answered, by route and status.",
            "chorus_instance_restarts_total": "Worker processes that ended and were replaced.",
            "chorus_instances_ready": "Instances that take work.",
            "chorus_instances_retired_total": "Instances ended for want of memory, or because they held ever more.",
            "chorus_job_queue_seconds": "How long jobs waited for a slot.",
            "chorus_job_service_seconds": "How long jobs kept a slot.",
            "chorus_jobs_total": "Jobs by how they ended.",
            "chorus_queue_jobs": "Jobs that wait for a slot.",
            "chorus_segments_total": "Segments given to the pool.",
            "chorus_streams_open": "Speech responses in the making.",
            "chorus_ttfa_seconds": "From a request's arrival to its first audio byte.",
            "chorus_utterances_open": "Utterances in the making.",
            "chorus_utterances_total": "Utterances by how they ended.",
        ]
        for (name, text) in texts { describe(name, text) }
    }
}
