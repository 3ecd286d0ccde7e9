//! Lines that are kept for who comes later, and told to who is there.

use std::collections::VecDeque;
use std::sync::Mutex;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast;

pub struct News {
    kept: Mutex<VecDeque<String>>,
    most: usize,
    sender: broadcast::Sender<String>,
}

impl News {
    /// Keeps the last so many.
    pub fn keeping(most: usize) -> News {
        News { kept: Mutex::default(), most, sender: broadcast::Sender::new(most) }
    }

    pub fn tell(&self, event: String) {
        let mut kept = self.kept.lock().expect("no holder panics");
        kept.push_back(event.clone());
        while kept.len() > self.most {
            kept.pop_front();
        }
        // Under the lock, so that nobody misses it or has it twice. Nobody may listen.
        let _ = self.sender.send(event);
    }

    /// What is kept, and then whatever comes.
    pub fn follow(&self) -> impl Stream<Item = String> + Send + 'static {
        let kept = self.kept.lock().expect("no holder panics");
        let receiver = self.sender.subscribe();
        let before: Vec<String> = kept.iter().cloned().collect();
        let after = stream::unfold(receiver, |mut receiver| async move {
            loop {
                match receiver.recv().await {
                    Ok(event) => return Some((event, receiver)),
                    // Too slow for all of them: on with those that there are.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        });
        stream::iter(before).chain(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_comes_late_has_the_last_and_all_that_follow() {
        let news = News::keeping(2);
        for n in 1..=3 {
            news.tell(n.to_string());
        }
        let heard = news.follow();
        news.tell("4".to_owned());
        let heard: Vec<String> = heard.take(3).collect().await;
        assert_eq!(heard, ["2", "3", "4"]);
    }
}
