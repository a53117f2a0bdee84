import CLibAV

/// Samples compressed by libav: `mp3`, `opus`, `aac` and `flac`.
final class CompressedSink: AudioSink {
    private let encoder: Handle<UnsafeMutablePointer<AVCodecContext>>
    private let container: Container
    private let packet: Handle<UnsafeMutablePointer<AVPacket>>
    /// Collects samples until the encoder's frame is full, so that they wait nowhere else.
    private let frame: Handle<UnsafeMutablePointer<AVFrame>>
    private let frameLength: Int
    /// Samples in `frame`.
    private var filled = 0
    /// Samples before `frame`.
    private var position: Int64 = 0
    /// Makes packets of a constant bit rate of the encoder's, where the format wants that.
    private var filling: AACFilling?

    init(_ compression: Compression) throws(AudioEncodingError) {
        LibAV.isPrepared
        encoder = try Self.openEncoder(compression)
        container = try Container(compression, encoder: encoder.pointer)
        packet = try Handle(av_packet_alloc(), "a packet") { pointer in
            var pointer: UnsafeMutablePointer<AVPacket>? = pointer
            av_packet_free(&pointer)
        }
        frame = try Handle(av_frame_alloc(), "a frame") { pointer in
            var pointer: UnsafeMutablePointer<AVFrame>? = pointer
            av_frame_free(&pointer)
        }
        frameLength = Int(encoder.pointer.pointee.frame_size)
        filling = compression.constantBitRate.map { AACFilling(bitRate: $0) }
        frame.pointer.pointee.nb_samples = Int32(frameLength)
        frame.pointer.pointee.format = compression.sampleFormat.rawValue
        frame.pointer.pointee.sample_rate = Int32(Self.sampleRate)
        frame.pointer.pointee.ch_layout = clibav_mono()
        try LibAV.check(av_frame_get_buffer(frame.pointer, 0), "make room for a frame")
    }

    func write(_ samples: Span<Int16>) throws(AudioEncodingError) {
        var start = 0
        while start < samples.count {
            let count = min(frameLength - filled, samples.count - start)
            try fill(samples.extracting(start..<start + count))
            start += count
            if filled == frameLength { try encodeFrame() }
        }
    }

    func end() throws(AudioEncodingError) {
        if filled > 0 { try encodeFrame() }
        try encode(nil)
        try container.end()
    }

    func take() throws(AudioEncodingError) -> [UInt8] {
        try container.take()
    }

    var beginning: [UInt8] { container.beginning }

    /// Adds samples to the frame, which has room for them.
    private func fill(_ samples: Span<Int16>) throws(AudioEncodingError) {
        // The encoder may still hold the memory of the last frame.
        try LibAV.check(av_frame_make_writable(frame.pointer), "make room for a frame")
        let plane = UnsafeMutableRawPointer(frame.pointer.pointee.data.0)
        if frame.pointer.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue {
            let floats = plane?.assumingMemoryBound(to: Float.self)
            for index in samples.indices {
                floats?[filled + index] = Float(samples[index]) / -Float(Int16.min)
            }
        } else {
            let free = plane?.advanced(by: filled * MemoryLayout<Int16>.size)
            samples.withUnsafeBytes { bytes in
                if let source = bytes.baseAddress { free?.copyMemory(from: source, byteCount: bytes.count) }
            }
        }
        filled += samples.count
    }

    /// Only the last frame may be shorter than the others.
    private func encodeFrame() throws(AudioEncodingError) {
        frame.pointer.pointee.nb_samples = Int32(filled)
        frame.pointer.pointee.pts = position
        try encode(frame.pointer)
        position += Int64(filled)
        filled = 0
    }

    /// - Parameter frame: `nil` asks the encoder for all that it holds back.
    private func encode(_ frame: UnsafePointer<AVFrame>?) throws(AudioEncodingError) {
        try LibAV.check(avcodec_send_frame(encoder.pointer, frame), "encode")
        while true {
            let result = avcodec_receive_packet(encoder.pointer, packet.pointer)
            if result == clibav_error_again() || result == clibav_error_end() { return }
            try LibAV.check(result, "encode")
            defer { av_packet_unref(packet.pointer) }
            try filling?.fill(packet.pointer)
            try container.write(packet.pointer, timeBase: encoder.pointer.pointee.time_base)
        }
    }

    private static func openEncoder(
        _ compression: Compression
    ) throws(AudioEncodingError) -> Handle<UnsafeMutablePointer<AVCodecContext>> {
        guard let codec = avcodec_find_encoder_by_name(compression.encoder) else {
            throw AudioEncodingError(
                .libraryFailed,
                "This libavcodec has no encoder \(compression.encoder); install Debian's libavcodec or ask for wav."
            )
        }
        let encoder = try Handle(avcodec_alloc_context3(codec), "an encoder") { pointer in
            var pointer: UnsafeMutablePointer<AVCodecContext>? = pointer
            avcodec_free_context(&pointer)
        }
        encoder.pointer.pointee.sample_fmt = compression.sampleFormat
        encoder.pointer.pointee.sample_rate = Int32(sampleRate)
        encoder.pointer.pointee.ch_layout = clibav_mono()
        encoder.pointer.pointee.time_base = AVRational(num: 1, den: Int32(sampleRate))
        // Without libav's version in them: the bytes depend on the audio alone.
        encoder.pointer.pointee.flags |= AV_CODEC_FLAG_BITEXACT
        let context = encoder.pointer
        try LibAV.withOptions(compression.encoderOptions, "open the encoder \(compression.encoder)") {
            avcodec_open2(context, codec, $0)
        }
        if let state = context.pointee.priv_data { releaseZeroPages(of: state) }
        return encoder
    }
}
