import NIOCore
import SpeechCore
import Testing
import Wyoming

@Suite("The decoder")
struct DecoderTests {
    @Test("Data behind the header line goes over the data inside it")
    func mergedData() throws {
        let frame = #"{"type":"synthesize","data":{"text":"old","voice":{"name":"v"}},"data_length":14}"#
        let events = try decode(WyomingClientEvent.self, frame + "\n" + #"{"text":"new"}"#)
        #expect(events == [.synthesize(WyomingSynthesize(text: "new", voice: .init(name: "v")))])
    }

    @Test("Order, spaces, escapes and unknown members do not matter")
    func looseJSON() throws {
        let frame =
            #" { "x" : [ {"type": "]"} , "\"" ] , "type" : "pi\u006eg" , "payload_length" : null , "y" : -1.5e3 } "#
        #expect(try decode(WyomingClientEvent.self, frame + "\r\n") == [.ping(text: nil)])
    }

    @Test("Channels are averaged to mono")
    func stereo() throws {
        let header = #"{"type":"audio-chunk","data":{"rate":8000,"width":2,"channels":2},"payload_length":8}"#
        var bytes = ByteBuffer(string: header + "\n")
        for sample in [100, 300, -32768, -32768] as [Int16] { bytes.writeInteger(sample, endianness: .little) }
        #expect(
            try decode(WyomingServiceEvent.self, bytes)
                == [.audioChunk(PCM(samples: [200, -32768], sampleRate: 8000))]
        )
    }

    @Test("A frame that is not Wyoming says what is wrong with it", arguments: HostileFrame.all)
    func hostile(frame: HostileFrame) throws {
        for longest in [1, 1000] {
            let error = #expect(throws: WyomingError.self) {
                try decode(WyomingServiceEvent.self, ByteBuffer(string: frame.text)) { min($0, longest) }
            }
            #expect(error?.description.contains(frame.complaint) == true, "\(error?.description ?? "")")
        }
    }

    @Test("After an error it stays failed and holds nothing")
    func staysFailed() throws {
        var decoder = WyomingDecoder<WyomingClientEvent>()
        decoder.append(ByteBuffer(string: #"{"type":"describe"}"# + "\nrubbish\n" + #"{"type":"describe"}"# + "\n"))
        #expect(try decoder.next() == .describe)
        let error = try #require(#expect(throws: WyomingError.self) { try decoder.next() })
        decoder.append(ByteBuffer(string: #"{"type":"describe"}"# + "\n"))
        #expect(throws: error) { try decoder.next() }
        #expect(decoder.bufferedBytes == 0)
    }

    @Test("Nothing is an event until all of it is there")
    func incomplete() throws {
        var decoder = WyomingDecoder<WyomingClientEvent>()
        for byte in (#"{"type":"ping","data_length":12}"# + "\n" + #"{"text":"t"}"#).utf8 {
            #expect(try decoder.next() == nil)
            decoder.append(ByteBuffer(bytes: [byte]))
        }
        #expect(try decoder.next() == .ping(text: "t"))
        #expect(decoder.bufferedBytes == 0)
    }
}
