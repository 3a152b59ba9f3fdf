//! A store that speaks S3. `rusty_s3` signs what is asked (Signature Version 4), and [`fetch_within`] asks it; large files go and come in
//! parts, of which one is in memory.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use hyper::header::{ETAG, RANGE};
use hyper::{Method, Request, Response};
use rusty_s3::actions::CreateMultipartUpload;
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};

use super::{PlaceError, Shelf};
use crate::base::Duration;
use crate::io::out::{Bounds, OutError, Outgoing, Trust, fetch_within};
use crate::office::BackupPlace;

/// A bucket.
pub(super) struct S3 {
    bucket: Bucket,
    credentials: Credentials,
    folder: String,
    outgoing: Outgoing,
    trust: Trust,
}

impl S3 {
    pub(super) fn open(place: &BackupPlace, outgoing: Outgoing, trust: Trust) -> Result<Self, PlaceError> {
        let no_address = || OutError::Address(place.server.clone());
        let endpoint = place.server.parse().map_err(|_| no_address())?;
        // In the path: every store takes it so, and no name is made of the bucket's.
        let bucket = Bucket::new(endpoint, UrlStyle::Path, place.bucket.clone(), place.region.clone());
        let bucket = bucket.map_err(|_| no_address())?;
        let credentials = Credentials::new(place.login.clone(), place.password.clone());
        let folder = place.folder.trim_matches('/').to_owned();
        Ok(Self { bucket, credentials, folder, outgoing, trust })
    }

    fn key(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }

    fn ask(
        &self,
        method: Method,
        url: &impl AsRef<str>,
        range: Option<String>,
        body: Vec<u8>,
    ) -> Result<Response<Vec<u8>>, PlaceError> {
        let mut request = Request::builder().method(method).uri(url.as_ref());
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let request = request.body(body).map_err(|_| OutError::Address(self.bucket.base_url().to_string()))?;
        let bounds = Bounds { time: PART_TIME, bytes: PART + SLACK };
        let answer = fetch_within(request, &self.trust, self.outgoing, bounds)?;
        match answer.status().as_u16() {
            200..=299 | 404 | 416 => Ok(answer),
            401 | 403 => Err(PlaceError::Login),
            status => Err(PlaceError::Refused(format!("status {status} {}", code_of(answer.body())))),
        }
    }

    fn found(answer: &Response<Vec<u8>>) -> Result<(), PlaceError> {
        if answer.status().is_success() { Ok(()) } else { Err(PlaceError::Refused(code_of(answer.body()))) }
    }

    fn put_parts(&self, key: &str, upload: &str, file: &mut File, told: &mut dyn FnMut(u64)) -> Result<(), PlaceError> {
        let mut tags: Vec<String> = Vec::new();
        loop {
            let part = next_part(file)?;
            if part.is_empty() {
                break;
            }
            let number = u16::try_from(tags.len() + 1).unwrap_or(u16::MAX);
            if number > MOST_PARTS {
                return Err(PlaceError::Refused("the backup has too many parts".to_owned()));
            }
            let length = part.len() as u64;
            let url = self.bucket.upload_part(Some(&self.credentials), key, number, upload).sign(SIGNED);
            let answer = self.ask(Method::PUT, &url, None, part)?;
            Self::found(&answer)?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
            tags.push(tag.trim_matches('"').to_owned());
            told(length);
        }
        let tags = || tags.iter().map(String::as_str);
        let action = self.bucket.complete_multipart_upload(Some(&self.credentials), key, upload, tags());
        let url = action.sign(SIGNED);
        let body = self.bucket.complete_multipart_upload(Some(&self.credentials), key, upload, tags()).body();
        let answer = self.ask(Method::POST, &url, None, body.into_bytes())?;
        Self::found(&answer)?;
        // A store may begin to answer before it knows.
        let says = String::from_utf8_lossy(answer.body()).into_owned();
        if says.contains("<Error>") { Err(PlaceError::Refused(code_of(answer.body()))) } else { Ok(()) }
    }
}

impl Shelf for S3 {
    fn put(&mut self, name: &str, path: &Path, told: &mut dyn FnMut(u64)) -> Result<(), PlaceError> {
        let key = self.key(name);
        let failed = |why: io::Error| PlaceError::file(path, &why);
        let mut file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() <= PART as u64 {
            let whole = next_part(&mut file)?;
            let length = whole.len() as u64;
            let url = self.bucket.put_object(Some(&self.credentials), &key).sign(SIGNED);
            Self::found(&self.ask(Method::PUT, &url, None, whole)?)?;
            told(length);
            return Ok(());
        }
        let url = self.bucket.create_multipart_upload(Some(&self.credentials), &key).sign(SIGNED);
        let answer = self.ask(Method::POST, &url, None, Vec::new())?;
        Self::found(&answer)?;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        let begun = CreateMultipartUpload::parse_response(&text).map_err(|why| PlaceError::Refused(why.to_string()))?;
        let put = self.put_parts(&key, begun.upload_id(), &mut file, told);
        if put.is_err() {
            // Parts that nobody completes would be paid for ever.
            let url = self.bucket.abort_multipart_upload(Some(&self.credentials), &key, begun.upload_id()).sign(SIGNED);
            let _ = self.ask(Method::DELETE, &url, None, Vec::new());
        }
        put
    }

    fn read(&mut self, name: &str, piece: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), PlaceError> {
        let key = self.key(name);
        let mut at = 0;
        loop {
            let url = self.bucket.get_object(Some(&self.credentials), &key).sign(SIGNED);
            let range = format!("bytes={at}-{}", at + PART as u64 - 1);
            let answer = self.ask(Method::GET, &url, Some(range), Vec::new())?;
            match answer.status().as_u16() {
                416 => return Ok(()), // behind its end
                200 | 206 => {}
                _ => return Err(PlaceError::Refused(code_of(answer.body()))),
            }
            let body = answer.body();
            piece(body).map_err(|why| PlaceError::file(Path::new(&key), &why))?;
            at += body.len() as u64;
            // All of it at once, or the last part.
            if answer.status().as_u16() == 200 || body.len() < PART {
                return Ok(());
            }
        }
    }

    fn remove(&mut self, name: &str) -> Result<(), PlaceError> {
        let key = self.key(name);
        let url = self.bucket.delete_object(Some(&self.credentials), &key).sign(SIGNED);
        self.ask(Method::DELETE, &url, None, Vec::new()).map(drop)
    }
}

fn next_part(file: &mut File) -> Result<Vec<u8>, PlaceError> {
    let mut part = Vec::new();
    let read = file.take(PART as u64).read_to_end(&mut part);
    read.map_err(|why| PlaceError::file(Path::new(""), &why))?;
    Ok(part)
}

/// The store's word for what is wrong: `NoSuchBucket`.
fn code_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map_or("", |(code, _)| code);
    code.chars().filter(char::is_ascii_alphanumeric).take(60).collect()
}

/// Bytes of one part: within what stores take, 5 MiB to 5 GiB.
const PART: usize = 8 * 1024 * 1024;
/// What the rest of an answer may have.
const SLACK: usize = 64 * 1024;
/// Of one file, as S3 has it.
const MOST_PARTS: u16 = 10_000;
/// For one part on a slow line.
const PART_TIME: Duration = Duration::from_secs(300);
/// How long a signature holds.
const SIGNED: Duration = Duration::from_secs(600);
