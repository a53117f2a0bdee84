import ArgumentParser
import SpeechCore
import Testing

@testable import chorus

@Suite("The command line")
struct CommandTests {
    private static let commands: [any ParsableCommand.Type] = [
        ChorusCommand.self, ServeCommand.self, SpeakCommand.self, StatusCommand.self, ConfigCommand.self,
        ConfigCheckCommand.self, ConfigShowCommand.self, KeyCommand.self, KeyNewCommand.self, DoctorCommand.self,
    ]

    @Test("every command has a help text that fits a terminal")
    func rendersHelp() {
        for command in Self.commands {
            let help = command.helpMessage(columns: 80)
            #expect(help.contains("USAGE:"))
            #expect(!command.configuration.abstract.isEmpty)
            #expect(!command.configuration.discussion.isEmpty)
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(help.contains(line), "an example is broken into lines: \(line)")
            }
        }
    }

    @Test("the help of config names every variable")
    func listsVariables() {
        let help = ChorusCommand.helpMessage(for: ConfigCommand.self, columns: 80)
        for setting in Setting.all + [.instances] { #expect(help.contains(" \(setting.variable) ")) }
    }

    @Test("every command is reached by its name")
    func parsesCommands() throws {
        #expect(try ChorusCommand.parseAsRoot(["serve", "--listen", ":1"]) is ServeCommand)
        #expect(try ChorusCommand.parseAsRoot(["speak", "Hello", "-o", "a.mp3"]) is SpeakCommand)
        #expect(try ChorusCommand.parseAsRoot(["status", "--watch", "--json"]) is StatusCommand)
        #expect(try ChorusCommand.parseAsRoot(["config", "check"]) is ConfigCheckCommand)
        #expect(try ChorusCommand.parseAsRoot(["config", "show", "--json"]) is ConfigShowCommand)
        #expect(try ChorusCommand.parseAsRoot(["key", "new", "--name", "a", "--json"]) is KeyNewCommand)
        #expect(try ChorusCommand.parseAsRoot(["doctor"]) is DoctorCommand)
    }

    @Test("flags of serve are none unless they are given, so that they win only then")
    func hasNoDefaultFlags() throws {
        let serve = try ServeCommand.parse([])
        #expect(serve.flags == [:])
        let given = try ServeCommand.parse([
            "--listen", ":1", "--insecure", "--instances", "2", "--log-level", "debug", "--log-format", "json",
        ])
        #expect(
            given.flags == [
                "listen": ":1", "insecure": "true", "instances": "2", "log.level": "debug", "log.format": "json",
            ]
        )
    }

    @Test("every command that reads the configuration takes --config, and every one that runs a pool says how it logs")
    func hasSameFlags() throws {
        for command in [["serve"], ["speak", "a"], ["plan"], ["doctor"], ["config", "check"], ["config", "show"]] {
            #expect(throws: Never.self) { try ChorusCommand.parseAsRoot(command + ["--config", "a.yaml"]) }
        }
        for command in [["serve"], ["speak", "a"]] {
            let flags = ["--log-level", "debug", "--log-format", "json"]
            #expect(throws: Never.self) { try ChorusCommand.parseAsRoot(command + flags) }
        }
        for command in [["status"], ["plan"], ["doctor"], ["config", "show"], ["key", "new"]] {
            #expect(throws: Never.self) { try ChorusCommand.parseAsRoot(command + ["--json"]) }
        }
        #expect(try ConfigCheckCommand.parse(["a.yaml"]).file == "a.yaml")
        #expect(throws: (any Error).self) { try ConfigCheckCommand.parse(["a.yaml", "--config", "b.yaml"]) }
    }

    @Test(
        "a file's extension says its format",
        arguments: [
            ("a.mp3", AudioFormat.mp3), ("b.OPUS", .opus), ("c.ogg", .opus), ("d.e/f.aac", .aac), ("g.flac", .flac),
            ("h.wav", .wav), ("i.pcm", .pcm), ("j.m4a", .aac),
        ]
    )
    func readsExtension(name: String, format: AudioFormat) {
        #expect(AudioFormat(fileName: name) == format)
    }

    @Test(
        "a file without an extension of ours has no format",
        arguments: ["a", "a.txt", "mp3", "x.mp3/a", ".mp3.bak", ""]
    )
    func refusesExtension(name: String) {
        #expect(AudioFormat(fileName: name) == nil)
    }

    @Test("speak refuses a speed and a file that it cannot make")
    func validatesSpeak() throws {
        func message(_ arguments: [String]) -> String? {
            do {
                _ = try SpeakCommand.parse(arguments)
                return nil
            } catch {
                return SpeakCommand.message(for: error)
            }
        }
        #expect(message(["a", "-o", "a.mp3", "--speed", "4"]) == nil)
        #expect(message(["a", "--speed", "5"]) == "The speed is 5.0; it must be from 0.25 to 4.")
        #expect(
            message(["a", "-o", "a.txt"])
                == "'a.txt' does not say its format; "
                + "end it in one of mp3, opus, aac, flac, wav, pcm, m4a, or add --format."
        )
        #expect(message(["a", "-o", "-"]) == nil)
        #expect(message(["a", "-o", "a.txt", "--format", "wav"]) == nil)
        #expect(message(["a", "--format", "midi"])?.contains("mp3") == true)
        #expect(message([])?.contains("text") == true)
    }
}
