import Observability

extension PrometheusRegistry {
    /// Says what Chorus's metrics mean. To be called before the first of them is made.
    func describeChorus() {
        let texts = [
            "chorus_audio_seconds_total": "Seconds of audio that engines made, before any change of speed.",
            "chorus_bytes_sent_total": "Bytes of encoded audio that were written to clients.",
            "chorus_cache_bytes": "Finished audio that is kept, by where.",
            "chorus_cache_hits_total": "Segments whose audio had been kept, by where.",
            "chorus_cache_misses_total": "Segments that may be shared and whose audio had to be made.",
            "chorus_coalesced_total": "Segments that shared the audio that was being made for another.",
            "chorus_device_memory_bytes": "Memory of devices: total, foreign use, charged to instances, reserve.",
            "chorus_http_requests_total": "Requests answered, by route and status.",
            "chorus_instance_restarts_total": "Worker processes that ended and were replaced.",
            "chorus_instances_ready": "Instances that take work.",
            "chorus_instances_retired_total": "Instances that were ended or replaced, by cause.",
            "chorus_job_predicted_seconds": "How long completed jobs were predicted to keep a slot.",
            "chorus_job_queue_seconds": "How long jobs waited for a slot.",
            "chorus_job_service_seconds": "How long jobs kept a slot.",
            "chorus_job_reruns_total": "Jobs that were given to another instance, by reason.",
            "chorus_jobs_total": "Jobs by how they ended.",
            "chorus_queue_jobs": "Jobs that wait for a slot.",
            "chorus_log_lines_dropped_total": "Lines of the log that were dropped: its reader did not take them.",
            "chorus_segments_total": "Segments given to the pool.",
            "chorus_streams_open": "Speech responses in the making.",
            "chorus_ttfa_seconds": "From a request's arrival to its first audio byte.",
            "chorus_underrun_seconds_total": "Seconds for which listeners had nothing to play.",
            "chorus_underruns_total": "How often listeners, who play at the speed of speech, had nothing to play.",
            "chorus_utterances_open": "Utterances in the making.",
            "chorus_utterances_total": "Utterances by how they ended.",
        ]
        for (name, text) in texts { describe(name, text) }
    }
}
