//! Where reports end up, also when there is no room, no file and no one to read.

use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use race_rt::options::LogPath;
use race_rt::report::sink::{Sink, write_all};

/// A directory of its own for each test, gone afterwards.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("race-rt-sink-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for the test");
        Self(path)
    }

    fn sink(&self) -> Sink {
        Sink::new(&LogPath::File(self.0.join("log"))).expect("the directory is writable")
    }

    fn log_of(&self, process: u32) -> PathBuf {
        self.0.join(format!("log.{process}"))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn refusal(path: &Path) -> String {
    Sink::new(&LogPath::File(path.to_owned())).expect_err("it cannot be written").to_string()
}

#[test]
fn the_file_carries_the_process_number_and_is_made_by_the_first_report() {
    let directory = Directory::new("first");
    let sink = directory.sink();
    let log = directory.log_of(std::process::id());
    assert!(!log.exists());
    sink.write("one\n");
    sink.write("two\n");
    assert_eq!(fs::read_to_string(&log).expect("the log"), "one\ntwo\n");
    assert_eq!(sink.unwritten(), 0);
}

#[test]
fn a_forked_child_has_a_file_of_its_own() {
    let directory = Directory::new("fork");
    let sink = directory.sink();
    sink.write("parent\n");
    // SAFETY: the child only writes through the sink and ends without running anything of this process.
    let child = unsafe { libc::fork() };
    if child == 0 {
        sink.write("child\n");
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    assert!(child > 0, "{}", std::io::Error::last_os_error());
    let mut status = 0;
    // SAFETY: `status` is written by the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    let read = |process| fs::read_to_string(directory.log_of(process)).expect("a log");
    assert_eq!(read(std::process::id()), "parent\n");
    assert_eq!(read(child as u32), "child\n");
}

#[test]
fn a_log_that_cannot_be_written_is_refused_and_leaves_nothing() {
    let directory = Directory::new("refused");
    let missing = directory.0.join("missing/log");
    let sentence = refusal(&missing);
    assert!(
        sentence.starts_with(&format!("the option log_path names {}, which cannot be written (", missing.display())),
        "{sentence}"
    );
    assert!(sentence.ends_with("; give a path that can be written"), "{sentence}");
    assert_eq!(sentence.lines().count(), 1);

    fs::write(directory.0.join("file"), "").expect("a file");
    let _ = refusal(&directory.0.join("file/log"));
    fs::create_dir(directory.log_of(std::process::id())).expect("a directory");
    let _ = refusal(&directory.0.join("log"));
    assert_eq!(fs::read_dir(&directory.0).expect("the directory").count(), 2, "only what the test made is there");
}

/// Set for the process that plays the watched program, to what it has to do.
const CHILD: &str = "REPORT_SINK_CHILD";

#[test]
fn child_with_a_sink() {
    let stderr = || Sink::new(&LogPath::Stderr).expect("a stream needs no file");
    match std::env::var(CHILD).as_deref() {
        Ok("count") => {
            let sink = stderr();
            sink.write("one\n");
            sink.write("two\n");
            println!("unwritten: {}", sink.unwritten());
        }
        Ok("threads") => {
            let sink = stderr();
            thread::scope(|scope| {
                for letter in LETTERS {
                    let sink = &sink;
                    scope.spawn(move || (0..10).for_each(|_| sink.write(&long_line(letter))));
                }
            });
        }
        Ok("move") => {
            let sink = Sink::new(&LogPath::File("log".into())).expect("the directory is writable");
            std::env::set_current_dir("/").expect("a directory");
            sink.write("where it was asked for\n");
        }
        _ => {}
    }
}

/// The test above, alone, in a process of its own.
fn child(task: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test runs"));
    command.args(["--exact", "child_with_a_sink", "--nocapture"]).env(CHILD, task);
    command
}

/// What each thread writes in the end.
const LETTERS: [char; 4] = ['a', 'b', 'c', 'd'];

/// More than a pipe holds, so that the kernel does not write it in one go.
fn long_line(letter: char) -> String {
    format!("{}\n", letter.to_string().repeat(200_000))
}

#[test]
fn reports_of_many_threads_are_not_mixed() {
    let output = child("threads").output().expect("this test can be run");
    let text = String::from_utf8(output.stderr).expect("ASCII");
    assert_eq!(text.lines().count(), 10 * LETTERS.len());
    for line in text.lines() {
        let letter = line.chars().next().expect("no empty line");
        assert!(format!("{line}\n") == long_line(letter), "a line of {letter} is mixed with others");
    }
}

#[test]
fn a_relative_path_is_that_of_the_start() {
    let directory = Directory::new("relative");
    let process = child("move").current_dir(&directory.0).stdout(Stdio::null()).spawn().expect("this test can be run");
    let log = directory.log_of(process.id());
    assert!(process.wait_with_output().expect("it ends").status.success());
    assert_eq!(fs::read_to_string(log).expect("the log"), "where it was asked for\n");
}

/// What the process prints on stdout when its stderr is this.
fn unwritten_with(stderr: impl Into<Stdio>) -> String {
    let output = child("count").stderr(stderr).output().expect("this test can be run");
    assert_eq!(output.status.code(), Some(0));
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let count = stdout.lines().find(|line| line.starts_with("unwritten"));
    count.unwrap_or_default().to_owned()
}

#[test]
fn what_a_full_disk_or_a_closed_pipe_did_not_take_is_counted() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
    assert_eq!(unwritten_with(full), "unwritten: 2");
    let (reader, writer) = pipe();
    drop(reader);
    assert_eq!(unwritten_with(writer), "unwritten: 2");
    assert_eq!(unwritten_with(Stdio::null()), "unwritten: 0");
}

#[test]
fn a_log_on_a_full_disk_sends_the_report_to_stderr() {
    let directory = Directory::new("full");
    std::os::unix::fs::symlink("/dev/full", directory.log_of(std::process::id())).expect("a link");
    let sink = directory.sink();
    sink.write("this report has no room\n");
    assert_eq!(sink.unwritten(), 0, "stderr took it");
}

#[test]
fn a_directory_that_went_away_sends_the_report_to_stderr() {
    let directory = Directory::new("gone");
    let sink = directory.sink();
    fs::remove_dir_all(&directory.0).expect("it is there");
    sink.write("this report has no file\n");
    assert_eq!(sink.unwritten(), 0, "stderr took it");
}

/// The two ends of a pipe that does not block.
fn pipe() -> (OwnedFd, OwnedFd) {
    let mut ends = [0; 2];
    // SAFETY: the array has room for both descriptors.
    assert_eq!(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_NONBLOCK | libc::O_CLOEXEC) }, 0);
    // SAFETY: the descriptors were just made and belong to nobody else.
    unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) }
}

#[test]
fn a_closed_stream_is_an_error_and_no_panic() {
    assert!(write_all(-1, b"text").is_err());
    let (reader, writer) = pipe();
    drop(reader);
    let error = write_all(writer.as_raw_fd(), b"text").expect_err("nobody reads");
    assert_eq!(error.kind(), std::io::ErrorKind::BrokenPipe);
}

#[test]
fn a_full_pipe_that_nobody_reads_is_given_up() {
    let (_reader, writer) = pipe();
    let error = write_all(writer.as_raw_fd(), &vec![b'x'; 1 << 21]).expect_err("it cannot hold that much");
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn a_slow_reader_gets_everything() {
    use std::io::Read;
    let (reader, writer) = pipe();
    let text = vec![b'x'; 1 << 21];
    let received = thread::scope(|scope| {
        let receiver = scope.spawn(move || {
            // SAFETY: the descriptor is owned by this thread and stays open; blocking suits a reader better.
            unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, 0) };
            let mut received = Vec::new();
            fs::File::from(reader).read_to_end(&mut received).map(|_| received)
        });
        write_all(writer.as_raw_fd(), &text).expect("it is read");
        drop(writer);
        receiver.join().expect("no panic").expect("readable")
    });
    assert_eq!(received, text);
}
